// SPDX-License-Identifier: MIT
// Packs: objects one behind the other, each deflated, many as deltas against others. The index says
// where each begins and which hash it has; without one the pack is read from its beginning.
// Objects that others are made of are kept for a while, within bounds.
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>

#include "sluice/inspect/git_delta.h"
#include "sluice/inspect/inflate.h"
#include "sluice/inspect/opener.h"

namespace sluice::inspect {
namespace {

constexpr std::size_t kHeader = 12;
constexpr std::size_t kHash = 20;
constexpr std::size_t kMostDeltas = 4096;  // in one chain; git itself makes no more than 4095
constexpr std::size_t kCacheBytes = std::size_t{64} << 20;
constexpr std::size_t kFanout = 8 + 256 * 4;

enum class Type : std::uint8_t {
  commit = 1,
  tree = 2,
  blob = 3,
  tag = 4,
  offset_delta = 6,
  hash_delta = 7
};

struct Entry {
  Type type{};
  std::size_t data = 0;  // where its deflated bytes begin
  std::size_t base = 0;  // of a delta against an offset
  Bytes hash;            // of a delta against a hash
};

// An index of version 2, as far as it is needed.
class Index {
 public:
  // Gives nothing where the bytes are none, or do not hold what they say.
  static std::optional<Index> of(Bytes bytes) noexcept {
    if (bytes.size() < kFanout || big32(bytes, 0) != 0xff744f63 || big32(bytes, 4) != 2)
      return std::nullopt;
    const std::uint64_t count = big32(bytes, 8 + 255 * 4);
    if (kFanout + count * (kHash + 4 + 4) > bytes.size()) return std::nullopt;
    return Index{bytes, static_cast<std::size_t>(count)};
  }

  std::size_t count() const noexcept { return count_; }
  Bytes hash(std::size_t i) const noexcept { return bytes_.subspan(kFanout + i * kHash, kHash); }

  std::optional<std::uint64_t> offset(std::size_t i) const noexcept {
    const std::uint32_t small = big32(bytes_, kFanout + count_ * (kHash + 4) + i * 4);
    if ((small & 0x80000000U) == 0) return small;
    const std::uint64_t at =
        kFanout + std::uint64_t{count_} * (kHash + 8) + std::uint64_t{small & 0x7fffffffU} * 8;
    if (at + 8 > bytes_.size()) return std::nullopt;
    return std::uint64_t{big32(bytes_, at)} << 32 | big32(bytes_, at + 4);
  }

  std::optional<std::uint64_t> find(Bytes hash) const noexcept {
    std::size_t low = 0, high = count_;
    while (low < high) {
      const std::size_t middle = low + (high - low) / 2;
      const auto order = text_of(this->hash(middle)).compare(text_of(hash));
      if (order == 0) return offset(middle);
      (order < 0 ? low : high) = order < 0 ? middle + 1 : middle;
    }
    return std::nullopt;
  }

 private:
  Index(Bytes bytes, std::size_t count) noexcept : bytes_{bytes}, count_{count} {}
  Bytes bytes_;
  std::size_t count_;
};

using Held = std::shared_ptr<const std::vector<std::byte>>;
struct Object {
  Type type{};
  Held bytes;
};

class Pack {
 public:
  Pack(Bytes pack, Bytes index, const std::string& name, Opener& opener)
      : pack_{pack}, index_{Index::of(index)}, name_{name}, opener_{opener} {}

  void run() {
    const bool good = pack_.size() >= kHeader && text_of(pack_).starts_with("PACK") &&
                      (big32(pack_, 4) == 2 || big32(pack_, 4) == 3);
    if (!good) return opener_.note(Opened::malformed);
    if (index_) {
      run_index();
    } else {
      run_through();
    }
  }

 private:
  void run_index() {
    std::vector<std::pair<std::uint64_t, std::size_t>> order;
    for (std::size_t i = 0; i < index_->count(); ++i) {
      const auto offset = index_->offset(i);
      if (offset && *offset >= kHeader && *offset < pack_.size()) {
        order.emplace_back(*offset, i);
      } else {
        opener_.note(Opened::malformed);
      }
    }
    if (index_->count() != big32(pack_, 8)) opener_.note(Opened::malformed);
    std::ranges::sort(order);  // what others are made of is mostly just before them
    for (const auto& [offset, i] : order) {
      if (!opener_.goes_on()) return;
      std::string hash;
      for (const std::byte b : index_->hash(i))
        hash += fmt::format("{:02x}", std::to_integer<unsigned>(b));
      look(offset, hash);
    }
  }

  void run_through() {
    std::size_t at = kHeader;
    for (std::uint32_t i = 0; i < big32(pack_, 8) && opener_.goes_on(); ++i) {
      const auto entry = read_entry(at);
      if (!entry) return opener_.note(Opened::malformed);
      // Only where the stream ends tells where the next object begins.
      const Inflated packed = inflate(pack_.subspan(entry->data), Wrapping::zlib,
                                      opener_.limits().member_bytes, opener_.budget());
      if (packed.unpacked != Unpacked::whole) return note(packed.unpacked);
      look(at, fmt::format("{}", at));
      at = entry->data + packed.consumed;
    }
  }

  void note(Unpacked unpacked) noexcept {
    opener_.note(unpacked == Unpacked::too_large ? Opened::too_large : Opened::malformed);
  }

  void look(std::size_t at, const std::string& what) {
    if (!opener_.budget().take_steps()) return;
    const auto object = resolve(at);
    if (!object || object->type == Type::tree) return;
    opener_.scan(*object->bytes, name_ + "!" + what);
  }

  std::optional<Entry> read_entry(std::size_t at) const noexcept {
    if (at >= pack_.size()) return std::nullopt;
    unsigned byte = std::to_integer<unsigned>(pack_[at++]);
    Entry entry;
    entry.type = static_cast<Type>(byte >> 4 & 7);
    // The size is not needed: it is what comes out.
    for (int i = 0; (byte & 0x80) != 0; ++i) {
      if (at >= pack_.size() || i == 9) return std::nullopt;
      byte = std::to_integer<unsigned>(pack_[at++]);
    }
    if (entry.type == Type::offset_delta && !read_base(at, entry)) return std::nullopt;
    if (entry.type == Type::hash_delta) {
      if (pack_.size() - at < kHash) return std::nullopt;
      entry.hash = pack_.subspan(at, kHash);
      at += kHash;
    }
    const auto type = static_cast<unsigned>(entry.type);
    if (type == 0 || type == 5) return std::nullopt;
    entry.data = at;
    return entry;
  }

  // Reads how far before the object its base begins. `at` is behind the type.
  bool read_base(std::size_t& at, Entry& entry) const noexcept {
    const std::size_t end_of_type = at;
    std::uint64_t back = 0;
    for (int i = 0; i < 9; ++i) {
      if (at >= pack_.size()) return false;
      const unsigned byte = std::to_integer<unsigned>(pack_[at++]);
      back = back << 7 | (byte & 0x7f);
      if ((byte & 0x80) == 0) {
        entry.base = back;
        return back > 0 && back < end_of_type;
      }
      ++back;
    }
    return false;
  }

  // Gives the object that begins at `at`, its deltas applied; notes why if there is none.
  std::optional<Object> resolve(std::size_t at) {
    std::vector<std::size_t> deltas;  // where their data begins, the object's own first
    std::vector<std::size_t> places;
    for (;;) {
      if (const auto held = cache_.find(at); held != cache_.end())
        return build(held->second, deltas, places);
      const auto entry = read_entry(at);
      if (!entry) return nothing(Opened::malformed);
      if (entry->type != Type::offset_delta && entry->type != Type::hash_delta) {
        auto bytes = unpack(entry->data);
        if (bytes == nullptr) return std::nullopt;
        const Object base{entry->type, std::move(bytes)};
        keep(at, base);
        return build(base, deltas, places);
      }
      if (deltas.size() == kMostDeltas) return nothing(Opened::too_deep);
      deltas.push_back(entry->data);
      places.push_back(at);
      if (entry->type == Type::offset_delta) {
        if (entry->base > at - kHeader) return nothing(Opened::malformed);
        at -= entry->base;
        continue;
      }
      const auto base = index_ ? index_->find(entry->hash) : std::nullopt;
      if (!base || *base >= pack_.size()) return nothing(Opened::unsupported);
      at = static_cast<std::size_t>(*base);
    }
  }

  std::optional<Object> build(Object object, const std::vector<std::size_t>& deltas,
                              const std::vector<std::size_t>& places) {
    for (std::size_t i = deltas.size(); i-- > 0;) {
      const Held delta = unpack(deltas[i]);
      if (delta == nullptr) return std::nullopt;
      auto made = apply_delta(*object.bytes, *delta, opener_.limits().member_bytes);
      if (!made) return nothing(Opened::malformed);
      if (!opener_.budget().take_bytes(made->size())) return nothing(Opened::too_large);
      object.bytes = std::make_shared<const std::vector<std::byte>>(std::move(*made));
      keep(places[i], object);
    }
    return object;
  }

  std::nullopt_t nothing(Opened why) noexcept {
    opener_.note(why);
    return std::nullopt;
  }

  Held unpack(std::size_t data) {
    Inflated all = inflate(pack_.subspan(data), Wrapping::zlib, opener_.limits().member_bytes,
                           opener_.budget());
    if (all.unpacked != Unpacked::whole) {
      note(all.unpacked);
      return nullptr;
    }
    return std::make_shared<const std::vector<std::byte>>(std::move(all.bytes));
  }

  void keep(std::size_t at, const Object& object) {
    if (object.bytes->size() > kCacheBytes / 4 || !cache_.emplace(at, object).second) return;
    kept_.push_back(at);
    kept_bytes_ += object.bytes->size() + 128;
    while (kept_bytes_ > kCacheBytes && kept_.size() > 1) {
      const auto oldest = cache_.find(kept_.front());
      kept_.pop_front();
      kept_bytes_ -= oldest->second.bytes->size() + 128;
      cache_.erase(oldest);
    }
  }

  Bytes pack_;
  std::optional<Index> index_;
  const std::string& name_;
  Opener& opener_;
  std::map<std::size_t, Object> cache_;
  std::deque<std::size_t> kept_;  // in the order in which they came
  std::size_t kept_bytes_ = 0;
};

}  // namespace

void open_pack(Bytes pack, Bytes index, const std::string& name, Opener& opener) {
  Pack{pack, index, name, opener}.run();
}

}  // namespace sluice::inspect
