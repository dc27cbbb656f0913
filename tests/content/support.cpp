// SPDX-License-Identifier: MIT
#include "support.h"

#include <sys/mman.h>
#include <zlib.h>

#include <cstdlib>

#include "sluice/policy/load.h"

namespace sluice::content {
namespace {

[[noreturn]] void give_up(const std::string& line) {
  std::fputs((line + "\n").c_str(), stderr);
  std::abort();
}

}  // namespace

policy::Program program_of(const Asked& asked) {
  auto document = policy::load({"policy", "version = 1\n[default]\nverdict = \"native\"\n"});
  if (!document) give_up(policy::text_of(document.error()));
  document->imports = asked.imports;
  document->detectors = asked.detectors;
  document->content.too_big_over = asked.too_big_over;
  for (const std::string& name : asked.contents) {
    policy::Rule rule;
    rule.id = "about " + name;
    rule.at = rule.contents_at = {0, 7, 3};
    rule.everywhere = true;
    rule.contents = {name};
    rule.values.put(policy::Axis::read, static_cast<std::uint8_t>(policy::Read::redact));
    rule.values.put(policy::Axis::write, static_cast<std::uint8_t>(policy::Write::deny));
    document->rules.push_back(std::move(rule));
  }
  auto program = policy::compile(std::move(*document));
  if (!program) give_up(policy::text_of(program.error()));
  return std::move(*program);
}

std::shared_ptr<const Detection> detection_of(const Asked& asked, Bytes saved) {
  auto detection = Detection::make(program_of(asked), saved);
  if (!detection) give_up(policy::text_of(detection.error()));
  return *detection;
}

std::string wrong_with(const Asked& asked) {
  const auto detection = Detection::make(program_of(asked));
  return detection ? "" : policy::text_of(detection.error());
}

policy::DetectorSpec token_detector() {
  policy::DetectorSpec spec;
  spec.name = "token";
  spec.regex = "tok_[a-z]{8}";
  return spec;
}

policy::DetectorSpec card_detector() {
  policy::DetectorSpec spec;
  spec.name = "card";
  spec.regex = "[0-9]{16}";
  spec.validate = policy::DetectorSpec::Validate::luhn;
  return spec;
}

policy::DetectorSpec type_detector(std::string name, std::vector<std::string> types) {
  policy::DetectorSpec spec;
  spec.name = std::move(name);
  spec.kind = policy::DetectorSpec::Kind::type;
  spec.types = std::move(types);
  return spec;
}

policy::DetectorSpec larger_detector(std::string name, std::uint64_t size) {
  policy::DetectorSpec spec;
  spec.name = std::move(name);
  spec.kind = policy::DetectorSpec::Kind::larger;
  spec.larger = size;
  return spec;
}

policy::DetectorSpec manifest_detector(std::string name, std::string text) {
  policy::DetectorSpec spec;
  spec.name = std::move(name);
  spec.kind = policy::DetectorSpec::Kind::manifest;
  spec.manifest_file = "list";
  spec.manifest_text = std::move(text);
  return spec;
}

policy::ContentId content_id(unsigned number) {
  return policy::ContentId{static_cast<std::uint8_t>(number)};
}

std::string text_of(policy::ContentSet contents) {
  std::string all;
  for (const policy::ContentId content : contents) {
    if (!all.empty()) all += ' ';
    if (content == policy::kTooBig) {
      all += "big";
    } else if (content == policy::kTimedOut) {
      all += "late";
    } else if (content == policy::kFailed) {
      all += "failed";
    } else {
      all += std::to_string(static_cast<unsigned>(content));
    }
  }
  return all;
}

Fd hole_of(std::uint64_t size) {
  Fd file{::memfd_create("test", MFD_CLOEXEC)};
  if (!file || ::ftruncate(file.get(), static_cast<off_t>(size)) != 0) give_up("no memfd");
  return file;
}

Fd file_of(std::string_view text) {
  Fd file = hole_of(0);
  if (::pwrite(file.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
    give_up("cannot write to a memfd");
  return file;
}

std::string sidecar() {
  return "<?xpacket begin=\"\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"
         "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">"
         "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">"
         "<rdf:Description rdf:about=\"\" xmlns:exif=\"http://ns.adobe.com/exif/1.0/\" "
         "exif:GPSLatitude=\"48,8.5N\" exif:GPSLongitude=\"11,34.5E\"/>"
         "</rdf:RDF></x:xmpmeta>\n<?xpacket end=\"w\"?>";
}

std::string zlib_of(std::string_view text) {
  std::string out(::compressBound(text.size()), '\0');
  uLongf length = out.size();
  ::compress(reinterpret_cast<Bytef*>(out.data()), &length,
             reinterpret_cast<const Bytef*>(text.data()), text.size());
  out.resize(length);
  return out;
}

std::string inspector_program() { return SLUICE_INSPECTOR; }

std::unique_ptr<Inspector> inspector_of(const Asked& asked, InspectorOptions options) {
  if (options.program.empty()) options.program = inspector_program();
  if (!options.deadline) options.deadline = std::chrono::seconds{60};
  const policy::Program program = program_of(asked);
  auto detection = Detection::make(program);
  if (!detection) give_up(policy::text_of(detection.error()));
  auto inspector = Inspector::start(*detection, program, std::move(options));
  if (!inspector) give_up(inspector.error().line());
  return std::move(*inspector);
}

std::string redacted(std::string_view text, const inspect::Redaction& redaction) {
  std::string out{text};
  redaction.apply(0, std::as_writable_bytes(std::span{out}));
  return out;
}

}  // namespace sluice::content
