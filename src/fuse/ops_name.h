// SPDX-License-Identifier: MIT
// Operations that make, remove and move names. `node` is the directory of `name`. Those that make
// something carry the caller's umask (applied by the server once DONT_MASK is taken) and, in
// `extensions`, a security context and at most one supplementary group.
#pragma once

#include "sluice/fuse/op.h"

namespace sluice::fuse {

struct MakeNode : Request {
  using Answer = Entry;
  SLUICE_HANDLER(make_node)
  wire::Name name;
  std::uint32_t mode = 0;  // type and permissions
  std::uint32_t rdev = 0;
  std::uint32_t umask = 0;
  using In = wire::MknodIn;
  using Wire = Forms<
      Form<Opcode::mknod, Layout<In, Field<&MakeNode::mode, &In::mode>, Field<&MakeNode::rdev, &In::rdev>,
                                 Field<&MakeNode::umask, &In::umask>, NameItem<&MakeNode::name>>>>;
};

struct MakeDir : Request {
  using Answer = Entry;
  SLUICE_HANDLER(make_dir)
  wire::Name name;
  std::uint32_t mode = 0;
  std::uint32_t umask = 0;
  using In = wire::MkdirIn;
  using Wire =
      Forms<Form<Opcode::mkdir, Layout<In, Field<&MakeDir::mode, &In::mode>,
                                       Field<&MakeDir::umask, &In::umask>, NameItem<&MakeDir::name>>>>;
};

struct MakeSymlink : Request {
  using Answer = Entry;
  SLUICE_HANDLER(make_symlink)
  wire::Name name;
  std::string_view target;
  using Wire = Forms<Form<Opcode::symlink, Layout<NoFixed, NameItem<&MakeSymlink::name>,
                                                  TextItem<&MakeSymlink::target>>>>;
};

// Makes `name` in `node` another name of `existing`.
struct MakeLink : Request {
  using Answer = Entry;
  SLUICE_HANDLER(make_link)
  NodeId existing{};
  wire::Name name;
  using Wire = Forms<
      Form<Opcode::link, Layout<wire::LinkIn, Field<&MakeLink::existing, &wire::LinkIn::oldnodeid>,
                                NameItem<&MakeLink::name>>>>;
};

struct Unlink : Request {
  using Answer = Done;
  SLUICE_HANDLER(unlink)
  wire::Name name;
  using Wire = Forms<Form<Opcode::unlink, Layout<NoFixed, NameItem<&Unlink::name>>>>;
};

struct RemoveDir : Request {
  using Answer = Done;
  SLUICE_HANDLER(remove_dir)
  wire::Name name;
  using Wire = Forms<Form<Opcode::rmdir, Layout<NoFixed, NameItem<&RemoveDir::name>>>>;
};

// RENAME and RENAME2; flags stay empty in the former.
struct Rename : Request {
  using Answer = Done;
  SLUICE_HANDLER(rename)
  wire::Name name;
  NodeId new_parent{};
  wire::Name new_name;
  Flags<wire::RenameFlag> flags;
  using In = wire::RenameIn;
  using In2 = wire::Rename2In;
  using Wire =
      Forms<Form<Opcode::rename, Layout<In, Field<&Rename::new_parent, &In::newdir>,
                                        NameItem<&Rename::name>, NameItem<&Rename::new_name>>>,
            Form<Opcode::rename2, Layout<In2, Field<&Rename::new_parent, &In2::newdir>,
                                         Field<&Rename::flags, &In2::flags>, NameItem<&Rename::name>,
                                         NameItem<&Rename::new_name>>>>;
};

}  // namespace sluice::fuse
