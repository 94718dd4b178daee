#include "x509/der.h"

#include <gtest/gtest.h>

#include "x509/time.h"

namespace seki::x509 {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

std::string read(std::string_view bytes) {
    DerReader reader(bytes);
    const auto element = reader.next();
    return element ? std::string(element->content) + (reader.done() ? "" : " and more") : "none";
}

TEST(Der, is_read_element_by_element) {
    EXPECT_EQ(read("\x04\x02hi"sv), "hi");
    EXPECT_EQ(read("\x04\x00"sv), "");
    EXPECT_EQ(read("\x04\x02hi\x04\x00"sv), "hi and more");
    EXPECT_EQ(read("\x04\x81\x80"s + std::string(128, 'x')), std::string(128, 'x'));
    EXPECT_EQ(read("\x04\x82\x01\x00"s + std::string(256, 'x')), std::string(256, 'x'));
}

TEST(Der, of_another_form_is_no_element) {
    EXPECT_EQ(read(""sv), "none");
    EXPECT_EQ(read("\x04"sv), "none");
    EXPECT_EQ(read("\x04\x03hi"sv), "none") << "more than there is";
    EXPECT_EQ(read("\x30\x80\x00\x00"sv), "none") << "an indefinite length";
    EXPECT_EQ(read("\x04\x81\x02hi"sv), "none") << "a length in more bytes than it needs";
    EXPECT_EQ(read("\x04\x82\x00\x80"s + std::string(128, 'x')), "none") << "likewise";
    EXPECT_EQ(read("\x1F\x01x"sv), "none") << "a tag of several bytes";
    EXPECT_EQ(read("\x04\x84\xFF\xFF\xFF\xFFhi"sv), "none") << "a length that overflows";
    EXPECT_EQ(read("\x04\x88\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFFhi"sv), "none");
    EXPECT_EQ(read("\x04\x84\x01"sv), "none") << "half a length";
}

TEST(Der, gives_what_is_asked_for_or_leaves_it) {
    DerReader reader("\x02\x01\x07\x03\x02\x00\x09"sv);
    EXPECT_FALSE(reader.content(tag::octet_string));
    EXPECT_EQ(reader.unsigned_integer(), "\x07"sv);
    EXPECT_FALSE(reader.unsigned_integer());
    EXPECT_EQ(reader.bits(), "\x09"sv);
    EXPECT_TRUE(reader.done());
    EXPECT_FALSE(reader.next());
}

TEST(Der, knows_numbers_that_are_not_negative_and_whole_bytes_alone) {
    EXPECT_EQ(DerReader("\x02\x02\x00\xFF"sv).unsigned_integer(), "\xFF"sv);
    EXPECT_EQ(DerReader("\x02\x01\x00"sv).unsigned_integer(), ""sv);
    EXPECT_FALSE(DerReader("\x02\x01\xFF"sv).unsigned_integer());
    EXPECT_FALSE(DerReader("\x02\x00"sv).unsigned_integer());
    EXPECT_FALSE(DerReader("\x03\x02\x07\x80"sv).bits());
    EXPECT_FALSE(DerReader("\x03\x00"sv).bits());
}

TEST(Der, is_written_as_it_is_read) {
    for (const size_t size : {0, 1, 127, 128, 255, 256, 65'535, 65'536}) {
        const std::string content(size, 'x');
        const std::string element =
            der_element(tag::octet_string, {content.substr(0, size / 2), content.substr(size / 2)});
        EXPECT_EQ(only_content(element, tag::octet_string), content) << size;
        EXPECT_FALSE(only_content(element + "x", tag::octet_string));
    }
}

std::optional<int64_t> seconds(uint8_t tag, std::string_view text) { return unix_seconds({tag, text, {}}); }

TEST(TimeOfCertificates, is_read) {
    EXPECT_EQ(seconds(tag::utc_time, "700101000000Z"), 0);
    EXPECT_EQ(seconds(tag::utc_time, "491231235959Z"), 2'524'607'999);
    EXPECT_EQ(seconds(tag::utc_time, "500101000000Z"), -631'152'000);
    EXPECT_EQ(seconds(tag::generalized_time, "20500101000000Z"), 2'524'608'000);
    EXPECT_EQ(seconds(tag::generalized_time, "99991231235959Z"), 253'402'300'799);
    EXPECT_EQ(seconds(tag::utc_time, "240229120000Z"), 1'709'208'000);
}

TEST(TimeOfCertificates, that_no_calendar_has_is_none) {
    for (const char* text : {"230229120000Z", "231301000000Z", "230100000000Z", "230101240000Z", "230101006000Z",
                             "230101000060Z", "230101000000", "2301010000Z", "2301010000000Z", "23010100000+Z", ""}) {
        EXPECT_FALSE(seconds(tag::utc_time, text)) << text;
    }
    EXPECT_FALSE(seconds(tag::octet_string, "700101000000Z"));
}

TEST(TimeOfCertificates, is_written_for_people) {
    EXPECT_EQ(time_text(0), "1970-01-01T00:00:00Z");
    EXPECT_EQ(time_text(1'709'208'001), "2024-02-29T12:00:01Z");
    EXPECT_EQ(time_text(-1), "1969-12-31T23:59:59Z");
}

}  // namespace
}  // namespace seki::x509
