// SPDX-License-Identifier: MIT
// The wrappers on nodes and names: one request each, filled in as Linux fills it.
// source: linux fs/fuse/dir.c, fs/fuse/xattr.c
#include "sluice/testkit/kernel.h"

namespace sluice::testkit {
namespace {

// A name with its NUL, for as long as a request is made of it.
class NameText {
 public:
  explicit NameText(std::string_view text) : text_{text} {}
  // errors: EINVAL a name that no path component can be: use raw_request() for those.
  Result<wire::Name> name() const {
    auto name = wire::Name::from(text_.c_str());
    if (!name || name->size() != text_.size()) return fail(EINVAL);
    return *name;
  }

 private:
  std::string text_;
};

Result<void> without_value(const Result<fuse::Done>& done) {
  if (!done) return fail(done.error());
  return {};
}

}  // namespace

Result<Entry> Kernel::lookup(NodeId parent, std::string_view name) {
  const NameText text{name};
  fuse::Lookup op;
  op.node = parent;
  op.name = TRY(text.name());
  auto entry = call(op);
  if (entry && entry->node == kNoNode) return fail(ENOENT);
  return entry;
}

Result<fuse::AttrReply> Kernel::getattr(NodeId node, const File* file) {
  fuse::GetAttr op;
  op.node = node;
  if (file != nullptr) {
    op.flags.set(wire::GetattrFlag::fh);
    op.handle = file->handle;
  }
  return call(op);
}

Result<Entry> Kernel::mkdir(NodeId parent, std::string_view name, std::uint32_t mode) {
  const NameText text{name};
  fuse::MakeDir op;
  op.node = parent;
  op.name = TRY(text.name());
  op.mode = masked(mode);
  op.umask = umask();
  return call(op);
}

Result<Entry> Kernel::mknod(NodeId parent, std::string_view name, std::uint32_t mode,
                            std::uint32_t rdev) {
  const NameText text{name};
  fuse::MakeNode op;
  op.node = parent;
  op.name = TRY(text.name());
  op.mode = masked(mode);
  op.umask = umask();
  op.rdev = rdev;
  return call(op);
}

Result<Entry> Kernel::symlink(NodeId parent, std::string_view name, const std::string& target) {
  const NameText text{name};
  fuse::MakeSymlink op;
  op.node = parent;
  op.name = TRY(text.name());
  op.target = target;
  return call(op);
}

Result<Entry> Kernel::link(NodeId existing, NodeId parent, std::string_view name) {
  const NameText text{name};
  fuse::MakeLink op;
  op.node = parent;
  op.existing = existing;
  op.name = TRY(text.name());
  auto entry = call(op);
  expire_attributes(existing);
  return entry;
}

Result<void> Kernel::unlink(NodeId parent, std::string_view name) {
  const NameText text{name};
  fuse::Unlink op;
  op.node = parent;
  op.name = TRY(text.name());
  return without_value(call(op));
}

Result<void> Kernel::rmdir(NodeId parent, std::string_view name) {
  const NameText text{name};
  fuse::RemoveDir op;
  op.node = parent;
  op.name = TRY(text.name());
  return without_value(call(op));
}

Result<void> Kernel::rename(NodeId parent, std::string_view name, NodeId new_parent,
                            std::string_view new_name, std::uint32_t flags) {
  const NameText text{name};
  const NameText new_text{new_name};
  fuse::Rename op;
  op.opcode = flags != 0 ? wire::Opcode::rename2 : wire::Opcode::rename;
  op.node = parent;
  op.name = TRY(text.name());
  op.new_parent = new_parent;
  op.new_name = TRY(new_text.name());
  op.flags = Flags<wire::RenameFlag>::from(flags);
  return without_value(call(op));
}

Result<std::string> Kernel::readlink(NodeId node) {
  fuse::ReadLink op;
  op.node = node;
  std::vector<std::byte> data;
  TRY(call(op, &data));
  return std::string{text_of(data)};
}

Result<std::string> Kernel::getxattr(NodeId node, const std::string& name, std::uint32_t size) {
  fuse::GetXattr op;
  op.node = node;
  op.name = name;
  op.size = size;
  std::vector<std::byte> data;
  const auto answer = TRY(call(op, &data));
  if (size == 0) return std::string(answer.size, '\0');
  return std::string{text_of(data)};
}

Result<std::vector<std::string>> Kernel::listxattr(NodeId node) {
  fuse::ListXattr op;
  op.node = node;
  op.size = 65536;
  std::vector<std::byte> data;
  TRY(call(op, &data));
  std::vector<std::string> names;
  std::string_view rest = text_of(data);
  if (!rest.empty() && rest.back() != '\0') {
    breaches_.add("listxattr answered a name without its NUL");
    return fail(EIO);
  }
  while (!rest.empty()) {
    const std::string_view name = rest.substr(0, rest.find('\0'));
    if (name.empty()) {
      breaches_.add("listxattr answered an empty name");
      return fail(EIO);
    }
    names.emplace_back(name);
    rest.remove_prefix(name.size() + 1);
  }
  return names;
}

Result<void> Kernel::setxattr(NodeId node, const std::string& name, std::string_view value,
                              int flags) {
  fuse::SetXattr op;
  op.node = node;
  op.name = name;
  op.value = bytes_of(value);
  op.flags = static_cast<std::uint32_t>(flags);
  auto done = call(op);
  if (done) expire_attributes(node);
  return without_value(done);
}

Result<void> Kernel::removexattr(NodeId node, const std::string& name) {
  fuse::RemoveXattr op;
  op.node = node;
  op.name = name;
  auto done = call(op);
  if (done) expire_attributes(node);
  return without_value(done);
}

Result<wire::Kstatfs> Kernel::statfs(NodeId node) {
  fuse::GetStatFs op;
  op.node = node;
  return TRY(call(op)).fs;
}

void Kernel::forget(NodeId node, std::uint64_t count) { forget({{node, count}}); }

void Kernel::forget(const std::vector<std::pair<NodeId, std::uint64_t>>& nodes) {
  std::vector<std::byte> body;
  const auto append = [&body](const auto& part) {
    const Bytes bytes = bytes_of(part);
    body.insert(body.end(), bytes.begin(), bytes.end());
  };
  {
    std::lock_guard lock{mutex_};
    for (const auto& [node, count] : nodes) {
      if (!nodes_.forget(node, count)) breaches_.add("the test forgot more lookups than there are");
    }
  }
  fuse::Request request;
  if (nodes.size() == 1) {
    request.opcode = wire::Opcode::forget;
    request.node = nodes[0].first;
    wire::ForgetIn in{};
    in.nlookup = nodes[0].second;
    append(in);
    send_unanswered(message_for(request, body, sizeof(in), 0));
    return;
  }
  request.opcode = wire::Opcode::batch_forget;
  wire::BatchForgetIn in{};
  in.count = static_cast<std::uint32_t>(nodes.size());
  append(in);
  for (const auto& [node, count] : nodes) {
    wire::ForgetOne one{};
    one.nodeid = raw(node);
    one.nlookup = count;
    append(one);
  }
  send_unanswered(message_for(request, body, sizeof(in), 0));
}

}  // namespace sluice::testkit
