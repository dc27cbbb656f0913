// SPDX-License-Identifier: MIT
#include "sluice/content/engine.h"

namespace sluice::content {

Result<std::unique_ptr<const Engine>, Error> Engine::make(SetSpec spec, Bytes saved) {
  std::unique_ptr<Engine> engine{new Engine{std::move(spec)}};
  if (engine->spec_.kind == SetSpec::Kind::text) {
    engine->detectors_ = TRY(inspect::Detectors::compile({engine->spec_.rules}, saved));
  }
  if (engine->spec_.kind == SetSpec::Kind::manifest) {
    engine->manifest_ = TRY(inspect::Manifest::read(engine->spec_.file, engine->spec_.text));
  }
  return engine;
}

std::vector<std::byte> Engine::save() const {
  return detectors_ ? detectors_->save() : std::vector<std::byte>{};
}

}  // namespace sluice::content
