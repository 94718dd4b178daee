#include "config/subject.h"

#include <gtest/gtest.h>

#include "config/convert.h"

namespace seki::config {
namespace {

TEST(Subject, names_the_thing_and_nothing_else_of_it) {
    command::Request backend;
    backend.mutable_add_backend()->set_cluster_id("shop");
    backend.mutable_add_backend()->set_backend_id("shop-1");
    *backend.mutable_add_backend()->mutable_address() = to_wire(SocketAddress::v4(0x0A000001, 80));
    backend.mutable_add_backend()->set_sticky_id("secret");
    EXPECT_EQ(subject(backend), "shop shop-1 10.0.0.1:80");

    command::Request frontend;
    frontend.mutable_add_http_frontend()->set_hostname("a.example");
    frontend.mutable_add_http_frontend()->mutable_path()->set_value("/api");
    frontend.mutable_add_http_frontend()->set_method("GET");
    EXPECT_EQ(subject(frontend), "a.example /api GET");

    command::Request certificate;
    certificate.mutable_add_certificate()->mutable_certificate()->set_key("-----BEGIN PRIVATE KEY-----");
    *certificate.mutable_add_certificate()->mutable_address() = to_wire(SocketAddress::v4(0, 443));
    EXPECT_EQ(subject(certificate), "0.0.0.0:443");
}

TEST(Subject, of_a_request_that_is_one_value_is_that) {
    command::Request request;
    EXPECT_EQ(subject(request), "");
    request.set_remove_cluster("shop");
    EXPECT_EQ(subject(request), "shop");
    request.set_set_max_connections_per_ip(7);
    EXPECT_EQ(subject(request), "7");
    request.set_set_tls_ticket_secret("a secret that no log may have");
    EXPECT_EQ(subject(request), "");
    request.mutable_status();
    EXPECT_EQ(subject(request), "");
}

}  // namespace
}  // namespace seki::config
