// SPDX-License-Identifier: MIT
// A packet is read as a row of units (bytes, or two or four of them by its encoding), each of which
// is an ASCII character or stands for one that is not: all that XML's structure and the names we
// look for consist of is ASCII, and unit i is at byte i times the width. No tree is built: a stack
// of open elements, and the namespaces they declared, are enough to know each name in full.
//
// source: XMP specification part 1 (7.2: properties as attributes or elements); XML 1.0; Namespaces
#include "sluice/inspect/xmp.h"

#include <string>
#include <utility>

#include "sluice/inspect/place_names.h"

namespace sluice::inspect {
namespace {

constexpr std::uint64_t kMostPacket = 16 << 20;
constexpr std::size_t kMostDepth = 256;
constexpr std::size_t kMostAttributes = 4096;  // of one element
constexpr std::size_t kMostNamespaces = 4096;  // open at one time
constexpr char kOther = '\x7F';                // stands for what is not ASCII

struct Units {
  std::string text;
  std::size_t width = 1;
  Order order = Order::big;
};

std::uint8_t byte_at(Bytes bytes, std::size_t i) noexcept {
  return i < bytes.size() ? std::to_integer<std::uint8_t>(bytes[i]) : std::uint8_t{1};
}

// Tells the encoding by a byte order mark, or by where the zeros of the first character are.
Units encoding_of(Bytes b) {
  const auto begins = [&](std::initializer_list<int> with) {
    std::size_t i = 0;
    for (const int value : with) {
      if (byte_at(b, i++) != value) return false;
    }
    return true;
  };
  if (begins({0, 0, 0xFE, 0xFF}) || begins({0, 0, 0, '<'})) return {{}, 4, Order::big};
  if (begins({0xFF, 0xFE, 0, 0}) || begins({'<', 0, 0, 0})) return {{}, 4, Order::little};
  if (begins({0xFE, 0xFF}) || begins({0, '<'})) return {{}, 2, Order::big};
  if (begins({0xFF, 0xFE}) || begins({'<', 0})) return {{}, 2, Order::little};
  return {};
}

Units units_of(Bytes bytes) {
  Units units = encoding_of(bytes);
  const std::size_t w = units.width;
  units.text.reserve(bytes.size() / w);
  for (std::size_t i = 0; i + w <= bytes.size(); i += w) {
    std::uint32_t value = 0;
    for (std::size_t k = 0; k < w; ++k) {
      value = value << 8 | byte_at(bytes, units.order == Order::big ? i + k : i + w - 1 - k);
    }
    units.text.push_back(value < 0x80 ? static_cast<char>(value) : kOther);
  }
  return units;
}

bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

class XmpWalk {
 public:
  XmpWalk(const Area& area, Units units) : area_{area}, units_{std::move(units)} {}
  Done run();

 private:
  struct Attribute {
    std::size_t from, to;  // name, equals sign and quotes
    std::string_view name, value;
  };
  struct Element {
    std::string_view name;
    std::size_t namespaces;  // how many were open around it
  };
  struct Namespace {
    std::string_view prefix, uri;
  };

  Done mark(std::size_t at);  // whatever begins with `<`
  Done skip_to(std::string_view end, std::size_t from);
  Done close(std::size_t at);
  Done open(std::size_t at);
  Got<Attribute> attribute();
  Got<std::string_view> word();
  Done declare(const std::vector<Attribute>& attributes);
  bool names_a_place(std::string_view name, bool attribute) const;
  Done blank(std::size_t from, std::size_t to);
  void skip_blanks() {
    while (at_ < text().size() && is_blank(text()[at_])) ++at_;
  }
  std::string_view text() const noexcept { return units_.text; }
  bool blanking() const noexcept { return blank_depth_ != 0; }

  const Area& area_;
  const Units units_;
  std::size_t at_ = 0;
  std::vector<Element> open_;
  std::vector<Namespace> namespaces_;
  std::size_t blank_depth_ = 0;  // how many elements are open at the one that goes; 0 if none does
  std::size_t blank_from_ = 0;
};

Done XmpWalk::run() {
  while (true) {
    const std::size_t next = text().find('<', at_);
    if (next == text().npos) break;
    TRY(area_.look().step());
    TRY(mark(next));
  }
  if (!open_.empty()) return refuse(Why::malformed);
  return {};
}

Done XmpWalk::skip_to(std::string_view end, std::size_t from) {
  const std::size_t found = text().find(end, from);
  if (found == text().npos) return refuse(Why::malformed);
  at_ = found + end.size();
  return {};
}

Done XmpWalk::mark(std::size_t at) {
  const std::string_view rest = text().substr(at);
  if (rest.starts_with("<!--")) return skip_to("-->", at + 4);
  if (rest.starts_with("<![CDATA[")) return skip_to("]]>", at + 9);
  if (rest.starts_with("<?")) return skip_to("?>", at + 2);
  // Entities could hold any part of what we look for.
  if (rest.starts_with("<!")) return refuse(Why::unsupported);
  return rest.starts_with("</") ? close(at) : open(at);
}

// Gives a name, at which at_ stands.
Got<std::string_view> XmpWalk::word() {
  const std::size_t from = at_;
  while (at_ < text().size() && !is_blank(text()[at_]) &&
         std::string_view{"=/><\"'"}.find(text()[at_]) == std::string_view::npos) {
    ++at_;
  }
  if (at_ == from || at_ == text().size()) return refuse(Why::malformed);
  return text().substr(from, at_ - from);
}

Done XmpWalk::close(std::size_t at) {
  at_ = at + 2;
  const std::string_view name = TRY(word());
  skip_blanks();
  const bool ends = at_ < text().size() && text()[at_] == '>';
  if (!ends || open_.empty() || open_.back().name != name) return refuse(Why::malformed);
  ++at_;
  if (open_.size() == blank_depth_) {
    blank_depth_ = 0;
    TRY(blank(blank_from_, at_));
  }
  namespaces_.resize(open_.back().namespaces);
  open_.pop_back();
  return {};
}

Got<XmpWalk::Attribute> XmpWalk::attribute() {
  Attribute attribute{at_, 0, TRY(word()), {}};
  skip_blanks();
  if (at_ >= text().size() || text()[at_] != '=') return refuse(Why::malformed);
  ++at_;
  skip_blanks();
  if (at_ >= text().size()) return refuse(Why::malformed);
  const char quote = text()[at_];
  if (quote != '"' && quote != '\'') return refuse(Why::malformed);
  const std::size_t end = text().find(quote, at_ + 1);
  if (end == text().npos) return refuse(Why::malformed);
  attribute.value = text().substr(at_ + 1, end - at_ - 1);
  at_ = attribute.to = end + 1;
  return attribute;
}

Done XmpWalk::open(std::size_t at) {
  at_ = at + 1;
  Element element{TRY(word()), namespaces_.size()};
  std::vector<Attribute> attributes;
  skip_blanks();
  while (at_ < text().size() && text()[at_] != '>' && text()[at_] != '/') {
    if (attributes.size() == kMostAttributes) return refuse(Why::too_large);
    TRY(area_.look().step());
    attributes.push_back(TRY(attribute()));
    skip_blanks();
  }
  const bool empty = text().substr(at_).starts_with("/>");
  if (!empty && !text().substr(at_).starts_with(">")) return refuse(Why::malformed);
  at_ += empty ? 2 : 1;
  if (open_.size() == kMostDepth) return refuse(Why::too_deep);
  TRY(declare(attributes));
  const bool goes = !blanking() && names_a_place(element.name, false);
  if (goes && empty) TRY(blank(at, at_));
  if (!goes && !blanking()) {
    for (const Attribute& a : attributes) {
      if (names_a_place(a.name, true)) TRY(blank(a.from, a.to));
    }
  }
  if (empty) {
    namespaces_.resize(element.namespaces);
    return {};
  }
  open_.push_back(element);
  if (goes) {
    blank_depth_ = open_.size();
    blank_from_ = at;
  }
  return {};
}

Done XmpWalk::declare(const std::vector<Attribute>& attributes) {
  for (const Attribute& a : attributes) {
    if (!a.name.starts_with("xmlns")) continue;
    if (a.name.size() > 5 && a.name[5] != ':') continue;
    if (namespaces_.size() == kMostNamespaces) return refuse(Why::too_large);
    namespaces_.push_back({a.name.size() > 5 ? a.name.substr(6) : std::string_view{}, a.value});
  }
  return {};
}

bool XmpWalk::names_a_place(std::string_view name, bool attribute) const {
  const std::size_t colon = name.find(':');
  const std::string_view prefix = colon == name.npos ? std::string_view{} : name.substr(0, colon);
  const std::string_view local = colon == name.npos ? name : name.substr(colon + 1);
  if (prefix == "xmlns" || name == "xmlns" || prefix == "rdf" || prefix == "xml") return false;
  // An attribute without a prefix is in no namespace, and no property.
  if (attribute && prefix.empty()) return false;
  if (is_place_property({}, local)) return true;
  if (local.size() > 5) return false;  // what depends on the namespace is short
  for (std::size_t i = namespaces_.size(); i-- > 0;) {
    if (namespaces_[i].prefix == prefix) return is_place_property(namespaces_[i].uri, local);
  }
  return false;
}

Done XmpWalk::blank(std::size_t from, std::size_t to) {
  const std::size_t w = units_.width;
  const Range range{from * w, (to - from) * w};
  if (w == 1) return area_.fill(range, std::byte{' '});
  std::vector<std::byte> blanks(range.length);
  for (std::size_t i = units_.order == Order::big ? w - 1 : 0; i < blanks.size(); i += w) {
    blanks[i] = std::byte{' '};
  }
  return area_.replace(range.offset, blanks);
}

}  // namespace

Done positions_in_xmp(const Area& area) {
  const std::vector<std::byte> bytes = TRY(area.bytes(kMostPacket));
  return XmpWalk{area, units_of(bytes)}.run();
}

}  // namespace sluice::inspect
