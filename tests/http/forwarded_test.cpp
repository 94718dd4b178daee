#include "http/forwarded.h"

#include <gtest/gtest.h>

namespace seki::http {
namespace {

TEST(Forwarded, is_a_list_of_pairs) {
    for (const char* value : {"", "for=192.0.2.1", "For=\"[2001:db8::1]:80\";proto=https", "for=a, for=b;by=c",
                              "for=unknown;host=\"a;b,c\"", "for=\"\\\"\"", ", ,for=a,", "for=a;;by=b;"})
        EXPECT_TRUE(is_forwarded(value)) << value;
}

TEST(Forwarded, may_lack_quotation_marks_that_nobody_misses) {
    for (const char* value : {"for=192.0.2.1:80", "for=[2001:db8::1]", "for=a; proto=https", " for=a ;\tby=b "})
        EXPECT_TRUE(is_forwarded(value)) << value;
}

TEST(Forwarded, is_nothing_that_could_swallow_what_is_put_behind_it) {
    for (const char* value : {"for=\"a", "for=\"a\\\"", "for", "for=", "=a", "for=a b", "for=\"a\"b", "for=a \"b\"",
                              "for =a", "for= a", "192.0.2.1", "for=a, b"})
        EXPECT_FALSE(is_forwarded(value)) << value;
}

}  // namespace
}  // namespace seki::http
