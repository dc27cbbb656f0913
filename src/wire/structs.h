// SPDX-License-Identifier: MIT
// Every struct of the protocol, by family.
#pragma once

#include "sluice/wire/structs_file.h"
#include "sluice/wire/structs_node.h"
#include "sluice/wire/structs_session.h"
#include "sluice/wire/structs_transport.h"
