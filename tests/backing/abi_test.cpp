// SPDX-License-Identifier: MIT
// The interface is chosen by what INIT offers; kernels that are played say which it should be.
#include <gtest/gtest.h>

#include "sluice/backing/abi.h"
#include "sluice/testkit/kernel.h"

namespace sluice::backing {
namespace {

using testkit::KernelProfile;
using wire::InitFlag;

Choice choice_on(const KernelProfile& profile) {
  testkit::Kernel kernel{{.profile = profile}};
  wire::InitOffer offer;
  offer.major = profile.major;
  offer.minor = profile.minor;
  offer.flags = profile.offered | profile.passthrough_bit();
  return choose(offer, kernel);
}

TEST(Abi, is_mainline_where_the_kernel_offers_it) {
  for (const auto& profile : {KernelProfile::linux_6_18(), KernelProfile::linux_6_9()}) {
    const Choice choice = choice_on(profile);
    EXPECT_EQ(choice.abi, Abi::mainline) << profile.name;
    EXPECT_TRUE(choice.take.has(InitFlag::passthrough));
    EXPECT_TRUE(choice.foreign.none());
    EXPECT_EQ(choice.max_stack_depth, 1u);
  }
}

TEST(Abi, is_none_with_a_reason_on_kernels_without_any) {
  for (const auto& profile : {KernelProfile::linux_6_1(), KernelProfile::linux_5_4()}) {
    const Choice choice = choice_on(profile);
    EXPECT_EQ(choice.abi, Abi::none) << profile.name;
    EXPECT_NE(choice.why_not.find("older than Linux 6.9"), std::string::npos) << choice.why_not;
  }
}

TEST(Abi, is_the_series_own_on_kernels_patched_with_it) {
  const Choice v10 = choice_on(KernelProfile::series_v10());
  EXPECT_EQ(v10.abi, Abi::v10);
  EXPECT_TRUE(v10.take.has(InitFlag::passthrough_v10));
  EXPECT_TRUE(v10.foreign.has(InitFlag::passthrough_v10));
  const Choice v11 = choice_on(KernelProfile::series_v11());
  EXPECT_EQ(v11.abi, Abi::v11);
  EXPECT_TRUE(v11.foreign.has(InitFlag::passthrough_v11));
}

TEST(Abi, recognises_and_refuses_the_form_that_was_given_up) {
  const Choice v8 = choice_on(KernelProfile::series_v8());
  EXPECT_EQ(v8.abi, Abi::none);
  EXPECT_NE(v8.why_not.find("V8 or V9"), std::string::npos) << v8.why_not;
}

TEST(Abi, is_androids_by_either_bit) {
  EXPECT_EQ(choice_on(KernelProfile::android_v1()).abi, Abi::android);
  const Choice later = choice_on(KernelProfile::android_v2());
  EXPECT_EQ(later.abi, Abi::android);
  EXPECT_TRUE(later.take.has(InitFlag::passthrough_android_ext));
}

TEST(Abi, bit_29_of_a_mainline_kernel_stays_setxattr_ext) {
  // Linux 5.12 speaks 7.33 as V11's base did, and means something else by the bit.
  KernelProfile mainline = KernelProfile::linux_5_4();
  mainline.minor = 33;
  mainline.offered.set(InitFlag::setxattr_ext);
  const Choice choice = choice_on(mainline);
  EXPECT_EQ(choice.abi, Abi::none);
  EXPECT_TRUE(choice.foreign.none());
}

}  // namespace
}  // namespace sluice::backing
