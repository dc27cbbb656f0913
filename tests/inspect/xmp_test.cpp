// SPDX-License-Identifier: MIT
// XMP packets, alone and in every form in which a position can be written.
#include <gtest/gtest.h>

#include "media_builder.h"
#include "support.h"

namespace sluice::inspect {
namespace {

using namespace build;
using namespace test;

std::string cleaned(std::string_view packet) { return without_positions(packet, Media::xmp); }

TEST(Xmp, attributes_that_are_positions_go) {
  const std::string after = cleaned(
      xmp("exif:GPSLatitude='48,51.4N'\n exif:GPSLongitude=\"2,17.6E\" photoshop:City = 'Paris'\n"
          "photoshop:State='IdF' dc:format='image/jpeg' exif:FNumber='4/1'"));
  for (const std::string_view gone : {"GPS", "48,51", "2,17", "Paris", "IdF", "State"}) {
    EXPECT_FALSE(contains(after, gone)) << gone;
  }
  EXPECT_TRUE(contains(after, "dc:format='image/jpeg' exif:FNumber='4/1'>"));
}

TEST(Xmp, elements_that_are_positions_go_with_all_they_hold) {
  const std::string after = cleaned(
      xmp("",
          "<exif:GPSLatitude>48,51.4N</exif:GPSLatitude>\n"
          "<e:LocationCreated xmlns:e='http://iptc.org/std/Iptc4xmpExt/2008-02-29/'>"
          "<rdf:Bag><rdf:li e:City='Paris'><e:Sublocation>Louvre</e:Sublocation></rdf:li>"
          "</rdf:Bag></e:LocationCreated>"
          "<dc:title><rdf:Alt><rdf:li xml:lang='x-default'>A title</rdf:li></rdf:Alt></dc:title>"
          "<exif:GPSAltitude/>"));
  for (const std::string_view gone : {"GPS", "48,51", "Paris", "Louvre", "LocationCreated"}) {
    EXPECT_FALSE(contains(after, gone)) << gone;
  }
  EXPECT_TRUE(contains(after, "<rdf:li xml:lang='x-default'>A title</rdf:li>"));
}

TEST(Xmp, namespaces_count_and_their_prefixes_do_not) {
  const std::string after = cleaned(xmp(
      "xmlns:q='http://www.w3.org/2003/01/geo/wgs84_pos#' q:lat='48.85' q:long='2.29' q:alt='35'\n"
      "xmlns:p='http://ns.adobe.com/photoshop/1.0/' p:State='Texas'\n"
      "xmlns:o='http://example.org/o/' o:State='solid' o:alt='a picture'"));
  for (const std::string_view gone : {"48.85", "2.29", "'35'", "Texas"}) {
    EXPECT_FALSE(contains(after, gone)) << gone;
  }
  EXPECT_TRUE(contains(after, "o:State='solid'"));
  EXPECT_TRUE(contains(after, "o:alt='a picture'"));
}

TEST(Xmp, a_namespace_ends_with_its_element) {
  const std::string inner =
      "<dc:a xmlns:s='http://ns.adobe.com/photoshop/1.0/'><dc:b/></dc:a>"
      "<dc:c xmlns:s='http://example.org/'><s:State>solid</s:State></dc:c>";
  EXPECT_TRUE(is_clean(xmp("", inner)));
}

class EachOrder : public testing::TestWithParam<Order> {};
TEST_P(EachOrder, of_utf16_is_read) {
  const std::string packet = xmp("exif:GPSLatitude='48,51.4N' dc:format='kept'");
  const std::string after = cleaned(utf16(packet, GetParam()));
  EXPECT_FALSE(contains(after, utf16("GPS", GetParam()).substr(2)));
  EXPECT_TRUE(contains(after, utf16("dc:format='kept'", GetParam()).substr(2)));
  // What is left is the same text, with blanks.
  std::string expected = packet;
  const std::string gone = "exif:GPSLatitude='48,51.4N'";
  expected.replace(expected.find(gone), gone.size(), gone.size(), ' ');
  EXPECT_EQ(after, utf16(expected, GetParam()));
}
INSTANTIATE_TEST_SUITE_P(Xmp, EachOrder, testing::Values(Order::big, Order::little));

TEST(Xmp, what_only_looks_like_a_tag_is_none) {
  EXPECT_TRUE(is_clean(xmp("", "<dc:d><![CDATA[<exif:GPSLatitude>]]></dc:d><!-- <a b='> -->")));
  const std::string after = cleaned(
      xmp("dc:x='a > b' exif:GPSLatitude='>'", "<!-- </exif:GPSLatitude> --><dc:y>z</dc:y>"));
  EXPECT_TRUE(contains(after, "dc:x='a > b'"));
  EXPECT_FALSE(contains(after, "exif:GPSLatitude='"));
}

TEST(Xmp, with_entities_of_its_own_is_not_supported) {
  EXPECT_EQ(refused("<?xpacket?><!DOCTYPE x [<!ENTITY a 'b'>]><x/>"), text(Why::unsupported));
}

TEST(Xmp, that_is_not_well_formed_is_malformed) {
  for (const std::string_view bad :
       {"<?xpacket?><a><b></a></b>", "<?xpacket?><a", "<?xpacket?><a b='c>", "<?xpacket?><a b=c/>",
        "<?xpacket?><!-- ", "<?xpacket?><a><b/>", "<?xpacket?></a>", "<?xpacket?>< a/>"}) {
    EXPECT_EQ(refused(bad), text(Why::malformed)) << bad;
  }
}

TEST(Xmp, nested_without_end_is_too_deep) {
  std::string packet = "<?xpacket?>";
  for (int i = 0; i < 10000; ++i) packet += "<a>";
  EXPECT_EQ(refused(packet), text(Why::too_deep));
}

TEST(Xmp, larger_than_is_looked_at_is_too_large) {
  EXPECT_EQ(refused("<?xpacket?>" + std::string(std::size_t{17} << 20, ' ')), text(Why::too_large));
}

}  // namespace
}  // namespace sluice::inspect
