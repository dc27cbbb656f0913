// SPDX-License-Identifier: MIT
// Guard: the one gate between the session and the mirror. Every operation, whichever it is, comes
// in by serve(): it is admitted by what the policy gives its caller (needs.h), and only then done,
// by the mirror or, where a name or an open is at stake, here and then by the mirror.
//
// A node of the mirror holds the place of the name by which it was found last; a file's node is
// told from others of the same file by the grant that the caller has there. So one look at the node
// says what its caller may do, and no path is put together.
//
//   guard_node.cpp  looking up, attributes      guard_name.cpp  making, removing, moving names
//   guard_open.cpp  opening files               guard_dir.cpp   listing
//   guard_judge.cpp who may do what             reload.cpp      another policy
//   guard_content.cpp files that are shown by what they contain
//
// All may be called by any number of threads.
#pragma once

#include <chrono>
#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/content/contents.h"
#include "sluice/fuse/dispatch.h"
#include "sluice/guard/decision.h"
#include "sluice/guard/folding.h"
#include "sluice/guard/guard_types.h"
#include "sluice/guard/hard_links.h"
#include "sluice/guard/needs.h"
#include "sluice/guard/options.h"
#include "sluice/guard/shown_files.h"
#include "sluice/guard/stale_opens.h"
#include "sluice/guard/subjects.h"
#include "sluice/guard/turnstile.h"
#include "sluice/mirror/mirror.h"
#include "sluice/policy/program.h"

namespace sluice::guard {

namespace detail {
// How many rooms an operation fills: one, or none.
template <class Op>
inline constexpr std::size_t kRooms = 0;
template <class Op>
  requires requires { typename Op::Room; }
inline constexpr std::size_t kRooms<Op> = 1;
}  // namespace detail

class Guard final : public mirror::PlaceKeeper, private GuardTypes {
 public:
  // mirror   outlives the guard; nothing of it was served yet, and it serves nobody else.
  // errors   EINVAL the policy has no subject of that name; ENOTSUP names in the root directory
  // have
  //          several spellings, and rules by path would not hold; ENOMEM.
  static Result<std::unique_ptr<Guard>, Error> make(mirror::Mirror& mirror, Policy policy,
                                                    const Options& options = {});
  ~Guard() override;

  // The one way in.
  template <class Op, class... Room>
    requires(fuse::kServes<mirror::Mirror, Op> && !fuse::detail::ServesLater<mirror::Mirror, Op> &&
             sizeof...(Room) == detail::kRooms<Op>)
  fuse::detail::Returned<typename Op::Answer> serve(const Op& op, Room&... room) {
    if constexpr (kTakesNoPlace<Op>) {
      return Op::call(mirror_, op, room...);
    } else {
      const Turnstile::Pass pass{turnstile_};
      const Asked asked{op, *rules_.program, subject_of<Op>(op), Clock::now()};
      const Seen seen = TRY(admitted(asked, op));
      return act(asked, seen, op, room...);
    }
  }
  void serve(const fuse::SetLockWait& op, fuse::Reply<fuse::Done> reply) {
    static_assert(kNeeds<fuse::SetLockWait> == Needs::nothing);
    mirror_.set_lock_wait(op, std::move(reply));
  }

  Result<void, Error> init(fuse::Terms& terms) { return mirror_.init(terms); }
  void ready(const fuse::Negotiated& negotiated) { mirror_.ready(negotiated); }
  void forget(const fuse::Forget& forget) {
    const Turnstile::Pass pass{turnstile_};
    mirror_.forget(forget);
  }
  template <class Op, class Answer>
    requires requires(mirror::Mirror& mirror, const Op& op, Answer& answer) {
      mirror.undelivered(op, answer);
    }
  void undelivered(const Op& op, Answer& answer) {
    const Turnstile::Pass pass{turnstile_};
    mirror_.undelivered(op, answer);
    if constexpr (std::same_as<Op, fuse::Open>) file_closed(op.node, op.flags);
    if constexpr (std::same_as<Answer, fuse::Created>) file_closed(answer.entry.node, op.flags);
  }

  // Goes over to another policy at once and as a whole: no request sees a part of each. What is
  // open stays open. The kernel is told to look names up again, where it can be.
  // errors  EINVAL the policy has no subject of that name; ETIMEDOUT a request has been under way
  //         for too long; then the old policy stays.
  Result<Reloaded, Error> reload(Policy policy, fuse::Notifier* notifier);
  std::shared_ptr<const policy::Program> program() const;

  Stats stats() const;

  mirror::Place hold(mirror::Place place) noexcept override;
  void release(mirror::Place place) noexcept override;

 private:
  friend class Lister;

  // Operations on open files, in which no node can go: the policy's turnstile need not be passed,
  // and a slow lower file does not hold a reload up.
  template <class Op>
  static constexpr bool kTakesNoPlace =
      kNeeds<Op> == Needs::nothing && !std::same_as<Op, fuse::Release> &&
      !std::same_as<Op, fuse::ReleaseDir>;

  Guard(mirror::Mirror& mirror, Rules rules, const Options& options);
  static Result<Rules, Error> rules_of(Policy policy, const Options& options);

  template <class Op>
  policy::SubjectIndex subject_of(const Op& op) {
    if constexpr (kNeeds<Op> == Needs::nothing) return policy::kUnknown;  // nobody asks
    return tells_apart() ? rules_.subjects->subject_of(op.caller) : rules_.bound;
  }
  bool tells_apart() const noexcept { return rules_.subjects != nullptr; }
  bool enforces() const noexcept { return options_.enforce == Enforce::yes; }

  template <class Op>
  Result<Seen> admitted(const Asked& asked, const Op& op) {
    constexpr Needs kWhat = kNeeds<Op>;
    static_assert(kWhat != Needs::undeclared);
    if constexpr (kWhat == Needs::nothing) return Seen{};
    if constexpr (kWhat == Needs::to_see) return see(asked, op.node);
    if constexpr (kWhat == Needs::to_read) return may_read(asked, op.node);
    if constexpr (kWhat == Needs::to_write) return may_write(asked, op.node);
    if constexpr (kWhat == Needs::a_rule) return admit(asked, op);
  }
  Result<Seen> admit(const Asked& asked, const fuse::Seek& op);
  Result<Seen> admit(const Asked& asked, const fuse::Open& op);
  Result<Seen> admit(const Asked& asked, const fuse::CopyRange& op);
  Result<Seen> admit(const Asked& asked, const fuse::Ioctl& op);

  // Does what was admitted: by the mirror, but for those below.
  template <class Op, class... Room>
  auto act(const Asked&, const Seen&, const Op& op, Room&... room) {
    return Op::call(mirror_, op, room...);
  }
  Result<fuse::Entry> act(const Asked&, const Seen&, const fuse::Lookup&);
  Result<fuse::AttrReply> act(const Asked&, const Seen&, const fuse::GetAttr&);
  Result<fuse::StatxReply> act(const Asked&, const Seen&, const fuse::GetStatx&);
  Result<fuse::AttrReply> act(const Asked&, const Seen&, const fuse::SetAttr&);
  Result<fuse::Entry> act(const Asked&, const Seen&, const fuse::MakeNode&);
  Result<fuse::Entry> act(const Asked&, const Seen&, const fuse::MakeDir&);
  Result<fuse::Entry> act(const Asked&, const Seen&, const fuse::MakeSymlink&);
  Result<fuse::Entry> act(const Asked&, const Seen&, const fuse::MakeLink&);
  Result<void> act(const Asked&, const Seen&, const fuse::Unlink&);
  Result<void> act(const Asked&, const Seen&, const fuse::RemoveDir&);
  Result<void> act(const Asked&, const Seen&, const fuse::Rename&);
  Result<fuse::Opened> act(const Asked&, const Seen&, const fuse::Open&);
  Result<fuse::Created> act(const Asked&, const Seen&, const fuse::Create&);
  Result<fuse::Created> act(const Asked&, const Seen&, const fuse::MakeTmpFile&);
  Result<void> act(const Asked&, const Seen&, const fuse::Release&);
  Result<fuse::XattrData> act(const Asked&, const Seen&, const fuse::GetXattr&, fuse::ReadBuffer&);
  Result<fuse::XattrData> act(const Asked&, const Seen&, const fuse::ListXattr&, fuse::ReadBuffer&);
  Result<void> act(const Asked&, const Seen&, const fuse::ReadDir&, fuse::DirWriter&);
  Result<void> act(const Asked&, const Seen&, const fuse::ReadDirPlus&, fuse::DirPlusWriter&);

  // guard_judge.cpp
  Result<Seen> look(const Asked& asked, NodeId node);
  Result<Seen> see(const Asked& asked, NodeId node);
  Result<Seen> may_read(const Asked& asked, NodeId node);
  Result<Seen> may_read_open(const Asked& asked, NodeId node);
  Result<Seen> may_write(const Asked& asked, NodeId node);
  Result<void> look_up_again(const Seen& seen) const;
  Judged judge(const Asked& asked, policy::Place place) const;
  Judged judge(const Asked& asked, const HardLinks::Known& known, policy::Place place) const;
  policy::ContentGrant grant_of(const HardLinks::Known& known, policy::SubjectIndex subject) const;
  bool hides(const Asked& asked, policy::Place place) const;
  mirror::Grant key_of(const Judged& judged) const noexcept;
  mirror::Admitted admission(const Judged& judged, policy::Place place) const;
  mirror::Face face_of(const Judged& judged) const;
  void conceal(policy::Place place, fuse::Attr& attr) const;
  void seal(const Judged& judged, fuse::Attr& attr) const;
  bool loosened(policy::Place from, policy::Place to, policy::Kind kind) const;
  // Answers `error` in the policy's name, and tells; where nothing is enforced it only tells.
  Result<void> refuse(const Asked& asked, const Judged& judged, policy::Axis axis, Errno error,
                      const Told& told) const;
  static policy::RuleId winner(const Judged& judged, policy::Axis axis) noexcept;
  void note(const Asked& asked, const Judged& judged, policy::Axis axis, int error,
            const Told& told) const;

  // guard_node.cpp
  Result<fuse::Entry> entry(const Asked& asked, policy::Place parent, mirror::Found found,
                            NodeId directory, const wire::Name& name);
  void watch_folding(NodeId directory);
  Judged judge_found(const Asked& asked, const mirror::Found& found, policy::Place place,
                     NodeId directory, const wire::Name& name);

  // guard_name.cpp
  Result<Judged> may_make(const Asked& asked, policy::Place parent, NodeId directory,
                          const wire::Name& name, policy::Place place);
  Result<Judged> may_remove(const Asked& asked, NodeId directory, const wire::Name& name,
                            policy::Place place, policy::Kind kind);
  Result<void> may_move(const Asked& asked, policy::Place from, policy::Place to, policy::Kind kind,
                        const Told& told);
  Result<void> may_lose(const Asked& asked, const Judged& judged, const Told& told,
                        const wire::Name& name);
  Result<void> rename(const Asked& asked, const fuse::Rename& r, const mirror::Moved& moved,
                      const mirror::Found& source);
  template <class Make>
  Result<fuse::Entry> make_entry(const Asked& asked, const Seen& parent, const wire::Name& name,
                                 policy::Kind kind, Make make);
  bool has_only_hidden(const Asked& asked, policy::Place place, NodeId parent,
                       const wire::Name& name);
  std::optional<mirror::LowerHandle> linked_file(NodeId directory, const wire::Name& name);

  // guard_open.cpp
  static policy::Mode mode_of(fuse::OpenFlags flags) noexcept;
  Result<void> may_open(const Asked& asked, const Judged& judged, fuse::OpenFlags flags,
                        const Told& told) const;
  Errno not_free(const Asked& asked, const fuse::Create& r, policy::Place place);
  void note_open(const Asked& asked, const Judged& judged, fuse::OpenFlags flags, int error,
                 const Told& told) const;

  // guard_content.cpp
  std::string path_of(int fd, policy::ContentSet asked) const;
  std::string path_in(NodeId directory, const wire::Name& name) const;
  static policy::ContentSet asked_by(const Judged& judged);
  void learn(Judged& judged, policy::ContentSet found) const;
  Result<policy::ContentSet> contents_of(int fd, const Judged& judged) const;
  Result<void> look_into(NodeId node, Judged& judged);
  Result<void> look_into(const mirror::Found& found, Judged& judged);
  // The same, if it could matter to whoever is about to change the file, or its name.
  Result<void> look_before_change(NodeId node, mirror::NodeKind kind, Judged& judged);
  Result<void> look_before_change(NodeId directory, const wire::Name& name, Judged& judged);
  Result<ShownFiles::State> decide(const Asked& asked, const fuse::Open& r, Judged& judged);
  Result<fuse::Opened> open_by_content(const Asked& asked, const Seen& seen, const fuse::Open& r);
  void created_by_content(const Judged& judged, NodeId node, fuse::OpenFlags flags);
  void file_closed(NodeId node, fuse::OpenFlags flags);
  Result<void> may_move_contents(const Asked& asked, const mirror::Found& file, const Move& move);

  // reload.cpp
  std::vector<Placing> places_by(const policy::Program& program) const;
  void take_over(Rules&& rules, const std::vector<Placing>& places, Reloaded& done);

  mirror::Mirror& mirror_;
  const Options options_;
  mutable Turnstile turnstile_;
  std::mutex reload_mutex_;    // one reload at a time; taken before the turnstile is closed
  Rules rules_;                // changes only while no request passes the turnstile
  std::uint16_t reloads_ = 0;  // likewise

  HardLinks links_;
  FoldingDirectories folding_;
  StaleOpens stale_opens_;
  ShownFiles shown_;
  struct Counts {
    std::atomic<std::uint64_t> refused{0};
    std::atomic<std::uint64_t> hidden{0};
    std::atomic<std::uint64_t> stale{0};
    std::atomic<std::uint64_t> redacted{0};
    std::atomic<std::uint64_t> snapshots{0};
  };
  mutable Counts counts_;
};

}  // namespace sluice::guard
