#include "proxy/lookalikes.h"

#include <gtest/gtest.h>

#include "http/h1/head_parser.h"

namespace seki::proxy {
namespace {

// The fields that are left of a head with these names.
std::string left_of(std::initializer_list<std::string_view> names, const Listener& listener) {
    std::string text;
    for (const std::string_view name : names) text.append(name).append(": 1\r\n");
    text += "\r\n";
    http::FieldTable fields;
    EXPECT_EQ(http::h1::parse_fields(text, 100, fields).outcome, http::h1::Parsed::Outcome::complete);
    drop_lookalikes(fields, listener);
    std::string left;
    for (const http::Field& field : fields.all()) {
        if (!field.dropped) left.append(field.name).append(" ");
    }
    return left;
}

TEST(Lookalikes, go_and_what_they_look_like_stays) {
    const Listener listener;
    EXPECT_EQ(left_of({"Content_Length", "Transfer_Encoding", "x_forwarded_for", "X-Forwarded_Host", "X.Forwarded.Port",
                       "X_Forwarded_Proto", "X_REAL_IP", "X_Request_Id", "Keep_Alive", "Proxy_Connection",
                       "HTTP2_Settings", "Sozu_Id"},
                      listener),
              "");
    EXPECT_EQ(left_of({"Content-Length", "X-Forwarded-For", "X_Mine", "Content_Type", "X_Forwarded", "Content__Length"},
                      listener),
              "Content-Length X-Forwarded-For X_Mine Content_Type X_Forwarded Content__Length ");
}

TEST(Lookalikes, of_the_id_are_those_of_its_configured_name) {
    Listener listener;
    listener.id_header = "X-Trace";
    EXPECT_EQ(left_of({"X_Trace", "Sozu_Id"}, listener), "Sozu_Id ");
}

}  // namespace
}  // namespace seki::proxy
