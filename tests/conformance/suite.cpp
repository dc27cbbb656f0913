// SPDX-License-Identifier: MIT
#include "conformance/suite.h"

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "conformance/behaviour.h"

namespace conformance {
namespace {

class BehaviourTest : public testing::Test {
 public:
  BehaviourTest(const Behaviour& behaviour, const Factory& factory, const std::string& exception)
      : behaviour_{behaviour}, factory_{factory}, exception_{exception} {}

  void TestBody() override {
    if (!exception_.empty()) GTEST_SKIP() << exception_;
    const std::unique_ptr<Place> place = factory_();
    if (!place) return;
    run(place->world());
    place->finish();
  }

 private:
  void run(World& world) {
    if (behaviour_.needs == Needs::users && !world.can_become()) {
      GTEST_SKIP() << "only root can become other users here";
    }
    if (behaviour_.needs == Needs::real_path && !world.real_path(".")) {
      GTEST_SKIP() << "this world is nowhere on the machine";
    }
    behaviour_.run(world);
    world.become({});
  }

  const Behaviour& behaviour_;
  Factory factory_;
  std::string exception_;
};

std::vector<std::span<const Behaviour>> all() {
  return {data_behaviours(),  hole_behaviours(),      name_behaviours(),       rename_behaviours(),
          error_behaviours(), attribute_behaviours(), permission_behaviours(), listing_behaviours(),
          xattr_behaviours(), lock_behaviours(),      mapping_behaviours()};
}

}  // namespace

bool suite_for(const std::string& name, const Factory& factory, const Exceptions& exceptions) {
  std::size_t found = 0;
  for (const auto& group : all()) {
    for (const Behaviour& behaviour : group) {
      const auto exception = exceptions.find(behaviour.name);
      const std::string reason = exception == exceptions.end() ? "" : exception->second;
      found += reason.empty() ? 0 : 1;
      testing::RegisterTest(name.c_str(), behaviour.name, nullptr, nullptr, __FILE__, __LINE__,
                            [&behaviour, factory, reason]() -> BehaviourTest* {
                              return new BehaviourTest{behaviour, factory, reason};
                            });
    }
  }
  if (found == exceptions.size()) return true;
  std::fprintf(stderr, "%s: an exception names no behaviour\n", name.c_str());
  std::abort();
}

std::size_t size_of_suite() {
  std::size_t count = 0;
  for (const auto& group : all()) count += group.size();
  return count;
}

}  // namespace conformance
