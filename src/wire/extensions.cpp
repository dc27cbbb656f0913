// SPDX-License-Identifier: MIT
// Walks the extensions of a request; see extensions.h. Each begins with its size and its kind, and
// is followed by zeroes up to the next multiple of 8, which the last one may lack.
#include "sluice/wire/extensions.h"

#include <algorithm>

#include "sluice/wire/structs_transport.h"

namespace sluice::wire {
namespace {

// Gives `bytes` without its first `size` ones and the padding behind them.
Bytes skip_record(Bytes bytes, std::size_t size) noexcept {
  return bytes.subspan(std::min(align_record(size), bytes.size()));
}

}  // namespace

Result<SecurityContext> SecurityContexts::take(Bytes& bytes) noexcept {
  Reader in{bytes};
  const auto head = TRY(in.take<Secctx>());
  const std::string_view name = TRY(in.take_text());
  if (name.empty() || name.size() > kMaxXattrName) return fail(EIO);
  const Bytes value = TRY(in.take_bytes(head.size));
  bytes = skip_record(bytes, bytes.size() - in.left());
  return SecurityContext{name, value};
}

std::optional<SecurityContext> SecurityContexts::next() noexcept {
  if (left_ == 0) return std::nullopt;
  --left_;
  const auto context = take(bytes_);
  if (!context) return std::nullopt;  // Extensions::parse() has seen to it that this cannot be
  return *context;
}

Result<Extensions> Extensions::parse(Bytes area) noexcept {
  Extensions extensions;
  while (!area.empty()) {
    Reader in{area};
    const auto head = TRY(in.take<ExtHeader>());
    if (head.size < sizeof(ExtHeader) || head.size > area.size()) return fail(EIO);
    const Bytes body = area.subspan(sizeof(ExtHeader), head.size - sizeof(ExtHeader));
    if (head.type <= kMaxSecctx) {
      TRY(extensions.add_contexts(body, head.type));
    } else if (head.type == kExtGroups) {
      TRY(extensions.add_groups(body));
    }
    area = skip_record(area, head.size);
  }
  return extensions;
}

Result<void> Extensions::add_contexts(Bytes body, std::uint32_t count) noexcept {
  if (has_contexts_) return fail(EIO);
  Bytes left = body;
  for (std::uint32_t i = 0; i < count; ++i) (void)TRY(SecurityContexts::take(left));
  contexts_ = SecurityContexts{body, count};
  has_contexts_ = true;
  return {};
}

Result<void> Extensions::add_groups(Bytes body) noexcept {
  if (has_groups_) return fail(EIO);
  Reader in{body};
  const auto head = TRY(in.take<SuppGroups>());
  groups_ = TRY(in.take_array<std::uint32_t>(head.nr_groups));
  has_groups_ = true;
  return {};
}

}  // namespace sluice::wire
