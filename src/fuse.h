// SPDX-License-Identifier: MIT
// All that a file system needs: `#include <sluice/fuse.h>`.
//
// A file system is a class with a method for each operation it serves (sluice/fuse/ops_*.h says
// what each gets and gives, sluice/fuse/dispatch.h which forms a method may have), handed to
// sluice::run(). Files are opened natively, their data never coming to the server, by the backing
// ids of sluice/backing; examples/passthrough.cpp shows how.
#pragma once

#include "sluice/backing/abi.h"
#include "sluice/backing/backings.h"
#include "sluice/backing/control.h"
#include "sluice/backing/registrar.h"
#include "sluice/backing/shares.h"
#include "sluice/base/errno.h"
#include "sluice/base/fd.h"
#include "sluice/base/ids.h"
#include "sluice/base/result.h"
#include "sluice/channel/run.h"
#include "sluice/fuse/dispatch.h"
#include "sluice/fuse/notify.h"
#include "sluice/fuse/op_list.h"
#include "sluice/fuse/reply.h"
