#include "routing/host_pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace seki::routing {
namespace {

std::string normal(std::string_view text) {
    const auto result = normalise_host_pattern(text);
    return result ? *result : "refused: " + result.error().message;
}

TEST(HostPattern, is_lower_case_and_without_the_dot_of_the_root) {
    EXPECT_EQ(normal("Shop.EXAMPLE.com."), "shop.example.com");
    EXPECT_EQ(normal("a_b-c.0"), "a_b-c.0");
    EXPECT_EQ(normal("*.Example.COM."), "*.example.com");
    EXPECT_EQ(normal("*"), "*");
}

TEST(HostPattern, regular_expressions_stay_as_they_are) {
    EXPECT_EQ(normal(R"(/\S+[A-Z.]/.API.example.com)"), R"(/\S+[A-Z.]/.api.example.com)");
    EXPECT_EQ(normal("CDN./a|b/.X./é./"), "cdn./a|b/.x./é./");
    EXPECT_EQ(normal("*./a/.B"), "*./a/.b");
}

TEST(HostPattern, international_labels_take_their_ascii_form) {
    EXPECT_EQ(normal("bücher.example"), "xn--bcher-kva.example");
    EXPECT_EQ(normal("BÜCHER.Example"), "xn--bcher-kva.example");
    EXPECT_EQ(normal("XN--BCHER-KVA.example"), "xn--bcher-kva.example");
    EXPECT_EQ(normal("straße.de"), "xn--strae-oqa.de");
    EXPECT_EQ(normal("*.例え.テスト"), "*.xn--r8jz45g.xn--zckzah");
    EXPECT_EQ(normal("例え。テスト"), "xn--r8jz45g.xn--zckzah");
    EXPECT_EQ(normal("/a/.bücher.example"), "/a/.xn--bcher-kva.example");
    EXPECT_EQ(normal("bu\u0308cher.example"), "xn--bcher-kva.example");
}

TEST(HostPattern, addresses_take_one_spelling) {
    EXPECT_EQ(normal("[2001:DB8:0::1]"), "[2001:db8::1]");
    EXPECT_EQ(normal("[2001:0db8:0000:0000:0000:0000:0000:0001]"), "[2001:db8::1]");
    EXPECT_EQ(normal("[::]"), "[::]");
    EXPECT_EQ(normal("[::ffff:192.0.2.1]"), "192.0.2.1");
}

TEST(HostPattern, its_normal_form_is_normal) {
    for (const char* text : {"Shop.example.", "*.BÜCHER.de", "/[A-Z]/.X", "*", "[2001:DB8::0]"})
        EXPECT_EQ(normal(normal(text)), normal(text));
}

TEST(HostPattern, what_names_no_host_is_refused_with_a_reason) {
    const std::pair<std::string, const char*> refusals[] = {
        {"", "it is empty"},
        {".", "it is empty"},
        {"a..b", "it has an empty label"},
        {".a", "it has an empty label"},
        {"a..", "it has an empty label"},
        {"-a.b", "must not begin or end with '-'"},
        {"a.b-", "must not begin or end with '-'"},
        {"a b", "only letters, digits"},
        {"a:80", "only letters, digits"},
        {"a\n", "only letters, digits"},
        {"[]", "no IPv6 address"},
        {"[", "nothing may follow"},
        {"[::1", "nothing may follow"},
        {"[::1]:80", "nothing may follow"},
        {"[::1].", "nothing may follow"},
        {"[192.0.2.1]", "no IPv6 address"},
        {"[host]", "no IPv6 address"},
        {"[fe80::1%eth0]", "has no zone"},
        {"[fe80::1%25eth0]", "has no zone"},
        {"*.[::1]", "only letters, digits"},
        {std::string(64, 'a'), "a label longer than 63"},
        {std::string(127, 'a').replace(63, 1, ".") + "." + std::string(127, 'b').replace(63, 1, "."),
         "longer than 253"},
        {"/" + std::string(1030, 'a') + "/.b", "longer than 1024"},
        {"a.*", "'*' must be the whole of the first label"},
        {"*.*", "'*' must be the whole of the first label"},
        {"a*.b", "'*' must be the whole of the first label"},
        {"*a.b", "'*' must be the whole of the first label"},
        {"/a/.*.b", "'*' must be the whole of the first label"},
        {"/a", "lacks its second '/'"},
        {"/", "lacks its second '/'"},
        {"b./a", "lacks its second '/'"},
        {"//.b", "an empty regular expression"},
        {"/a/b.c", "must be a whole label"},
        {"a/b/.c", "must be a whole label"},
        {"/a//b/", "must be a whole label"},
        {"/a\t/.b", "a control character"},
        {"a.\u00AD.b", "it has an empty label"},
        {"\xFF.b", "is no label of an international name"},
        {"a\u2215b.c", "is no label of an international name"},
    };
    for (const auto& [text, reason] : refusals) {
        const auto result = normalise_host_pattern(text);
        ASSERT_FALSE(result.has_value()) << text << " gave " << *result;
        EXPECT_THAT(result.error().message, testing::HasSubstr("' is no host name: ")) << text;
        EXPECT_THAT(result.error().message, testing::HasSubstr(reason)) << text;
    }
}

TEST(HostPattern, has_a_kind_and_a_fixed_suffix) {
    EXPECT_EQ(host_kind("a.b"), HostKind::exact);
    EXPECT_EQ(host_kind("[2001:db8::1]"), HostKind::exact);
    EXPECT_EQ(host_kind("*.b"), HostKind::wildcard);
    EXPECT_EQ(host_kind("*"), HostKind::any);
    EXPECT_EQ(host_kind("/a/.b"), HostKind::regex);
    EXPECT_EQ(host_kind("*./a/"), HostKind::regex);
    EXPECT_EQ(fixed_suffix("a.b"), "a.b");
    EXPECT_EQ(fixed_suffix("*.b.c"), "b.c");
    EXPECT_EQ(fixed_suffix("/a./.x./b*/.c.d"), "c.d");
    EXPECT_EQ(fixed_suffix("c./a/"), "");
    EXPECT_EQ(fixed_suffix("*"), "");
}

}  // namespace
}  // namespace seki::routing
