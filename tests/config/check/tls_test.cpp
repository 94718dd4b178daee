// What the validator says of HTTPS listeners, of their updates, and of TLS towards backends.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/certificates.h"
#include "config/check/check.h"

namespace seki::config {
namespace {

using command::HttpsListenerConfig;
using command::Request;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* here = "127.0.0.1:443";

std::vector<std::string> refusals(const Request& request) {
    const auto checked = check_every_field(request);
    std::vector<std::string> texts;
    if (checked) return texts;
    for (const Refusal& each : checked.error()) texts.push_back(each.field + ": " + each.reason);
    return texts;
}

template <typename Fill>
Request listener_with(Fill fill) {
    Request request = https_listener(here);
    fill(*request.mutable_add_https_listener());
    return request;
}

template <typename Fill>
std::vector<std::string> wrong_with(Fill fill) {
    return refusals(listener_with(fill));
}

HttpsListenerConfig passed(const Request& request) {
    const auto checked = check(request);
    EXPECT_TRUE(checked.has_value()) << checked.error().message;
    return (*checked)->add_https_listener();
}

TEST(TlsCheck, takes_a_listener_that_says_nothing) {
    const HttpsListenerConfig listener = passed(https_listener(here));
    EXPECT_EQ(listener.sticky_name(), "SOZUBALANCEID");
    EXPECT_EQ(listener.send_tls13_tickets(), 1U);
    EXPECT_FALSE(listener.active());
    EXPECT_FALSE(listener.has_certificate());
}

TEST(TlsCheck, follows_the_rules_of_http_listeners) {
    EXPECT_THAT(wrong_with([](auto& listener) { listener.set_front_timeout(0); }),
                ElementsAre(HasSubstr("front_timeout")));
    EXPECT_THAT(wrong_with([](auto& listener) { listener.set_max_uri_bytes(100'000); }),
                ElementsAre(HasSubstr("max_uri_bytes")));
    EXPECT_THAT(wrong_with([](auto& listener) { listener.set_handshake_timeout(0); }),
                ElementsAre(HasSubstr("handshake_timeout")));
}

TEST(TlsCheck, offers_no_version_that_is_broken) {
    EXPECT_THAT(wrong_with([](auto& listener) { listener.add_versions(command::TLS_V1_1); }),
                ElementsAre("versions: TLS_V1_1 is not offered: it is broken"));
    const auto listener = passed(listener_with([](auto& each) {
        for (const auto version : {command::TLS_V1_3, command::TLS_V1_2, command::TLS_V1_3}) each.add_versions(version);
    }));
    EXPECT_THAT(listener.versions(), ElementsAre(command::TLS_V1_2, command::TLS_V1_3));
}

TEST(TlsCheck, knows_ciphers_groups_and_algorithms_by_name) {
    EXPECT_THAT(wrong_with([](auto& listener) {
                    listener.add_cipher_list("TLS13_AES_128_GCM_SHA256");
                    listener.add_cipher_list("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
                    listener.add_groups_list("X25519MLKEM768");
                    listener.add_signature_algorithms("RSA-PSS+SHA256");
                }),
                IsEmpty());
    EXPECT_THAT(
        wrong_with([](auto& listener) {
            listener.add_cipher_list("TLS13_AES_128_GCM_SHA256");
            listener.add_cipher_list("RC4");
            listener.add_versions(command::TLS_V1_3);
            listener.add_groups_list("P-1");
            listener.add_signature_algorithms("RSA+MD5");
        }),
        ElementsAre("cipher_list: 'RC4' is no cipher that is offered", "groups_list: 'P-1' is no group that is offered",
                    "signature_algorithms: 'RSA+MD5' is no algorithm that is offered"));
}

TEST(TlsCheck, has_one_name_for_each_cipher_and_group) {
    const auto listener = passed(listener_with([](auto& each) {
        each.add_cipher_list("TLS_AES_128_GCM_SHA256");
        each.add_cipher_list("ECDHE-RSA-AES128-GCM-SHA256");
        each.add_groups_list("secp256r1");
    }));
    EXPECT_THAT(listener.cipher_list(),
                ElementsAre("TLS13_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"));
    EXPECT_THAT(listener.groups_list(), ElementsAre("P-256"));
}

TEST(TlsCheck, wants_a_cipher_for_each_version) {
    EXPECT_THAT(wrong_with([](auto& listener) { listener.add_cipher_list("TLS13_AES_128_GCM_SHA256"); }),
                ElementsAre("cipher_list: it has no cipher of TLS_V1_2, which 'versions' offers"));
    EXPECT_THAT(wrong_with([](auto& listener) {
                    listener.add_cipher_list("TLS13_AES_128_GCM_SHA256");
                    listener.add_versions(command::TLS_V1_3);
                }),
                IsEmpty());
}

TEST(TlsCheck, knows_two_protocols) {
    EXPECT_THAT(wrong_with([](auto& listener) { listener.add_alpn_protocols("h3"); }),
                Contains("alpn_protocols: 'h3' is neither h2 nor http/1.1"));
    const auto listener = passed(listener_with([](auto& each) {
        for (const char* protocol : {"http/1.1", "h2", "http/1.1"}) each.add_alpn_protocols(protocol);
    }));
    EXPECT_THAT(listener.alpn_protocols(), ElementsAre("http/1.1", "h2"));
    EXPECT_THAT(wrong_with([](auto& each) { each.add_alpn_protocols("h2"); }),
                ElementsAre("alpn_protocols: HTTP/2 is not available yet"));
    EXPECT_THAT(wrong_with([](auto& each) { each.set_disable_http11(true); }),
                ElementsAre("disable_http11: HTTP/2 is not available yet",
                            "disable_http11: it excludes http/1.1 in alpn_protocols, which has it unless it says "
                            "otherwise"));
}

TEST(TlsCheck, bounds_the_number_of_tickets) {
    EXPECT_THAT(wrong_with([](auto& listener) { listener.set_send_tls13_tickets(17); }),
                ElementsAre("send_tls13_tickets: 17 is not within 0 and 16"));
    EXPECT_EQ(passed(listener_with([](auto& listener) { listener.set_send_tls13_tickets(0); })).send_tls13_tickets(),
              0);
}

TEST(TlsCheck, reads_the_certificate_of_the_listener) {
    const auto pair = x509::made::pair();
    const auto listener = passed(listener_with([&](auto& each) {
        each.set_certificate("words\n" + pair.certificate);
        each.set_key(pair.key);
    }));
    EXPECT_EQ(listener.certificate(), pair.certificate);
    EXPECT_THAT(wrong_with([&](auto& each) { each.set_certificate(pair.certificate); }),
                ElementsAre("key: the certificate has no key"));
    EXPECT_THAT(wrong_with([&](auto& each) { each.set_key(pair.key); }),
                ElementsAre("certificate: the key has no certificate"));
    EXPECT_THAT(wrong_with([&](auto& each) { each.add_certificate_chain(pair.certificate); }),
                ElementsAre("certificate_chain: the chain has no certificate"));
    EXPECT_THAT(wrong_with([&](auto& each) {
                    each.set_certificate(pair.certificate);
                    each.set_key(x509::made::pair().key);
                }),
                ElementsAre("key: the key does not belong to the certificate"));
    EXPECT_FALSE(passed(listener_with([](auto& each) { each.set_certificate(""); })).has_certificate());
}

TEST(TlsCheck, wants_to_know_whether_hsts_is_on) {
    EXPECT_THAT(wrong_with([](auto& listener) { listener.mutable_hsts()->set_max_age(1); }),
                ElementsAre("hsts: enabled: it must be said"));
    const auto on = passed(listener_with([](auto& listener) { listener.mutable_hsts()->set_enabled(true); }));
    EXPECT_EQ(on.hsts().max_age(), 31'536'000U);
    const auto off = passed(listener_with([](auto& listener) { listener.mutable_hsts()->set_enabled(false); }));
    EXPECT_FALSE(off.hsts().has_max_age());
}

TEST(TlsCheck, leaves_hsts_to_https) {
    Request secured = https_frontend("c", here, "a.example");
    secured.mutable_add_https_frontend()->mutable_hsts()->set_enabled(true);
    EXPECT_THAT(refusals(secured), IsEmpty());
    Request plain = http_frontend("c", here, "a.example");
    plain.mutable_add_http_frontend()->mutable_hsts()->set_enabled(true);
    EXPECT_THAT(refusals(plain), ElementsAre("hsts: only https frontends have it (RFC 6797 §7.2)"));
}

// ---- certificates of clients

TEST(ClientAuthCheck, is_one_under_either_verb) {
    const auto authority = x509::made::pair().certificate;
    const Request plain = listener_with([&](auto& listener) {
        listener.set_client_auth(command::CLIENT_AUTH_REQUIRED);
        listener.add_client_ca_certificates(authority);
        listener.add_client_ca_crls(x509::made::revocation_list({.issuer = "a"}));
    });
    EXPECT_THAT(refusals(plain), IsEmpty());
    Request other;
    *other.mutable_add_https_listener_with_client_auth() = plain.add_https_listener();
    EXPECT_EQ(passed(other).client_auth(), command::CLIENT_AUTH_REQUIRED);
    Request update;
    *update.mutable_update_https_listener_with_client_auth()->mutable_address() = wire(here);
    auto& policy = *update.mutable_update_https_listener_with_client_auth()->mutable_client_auth_policy();
    policy.set_client_auth(command::CLIENT_AUTH_OPTIONAL);
    EXPECT_THAT(refusals(update), ElementsAre("client_ca_certificates: without them nobody could be recognised"));
    policy.add_client_ca_certificates(authority);
    EXPECT_THAT(refusals(update), IsEmpty());
}

TEST(ClientAuthCheck, has_one_list_of_revoked_certificates_about_each) {
    const auto wrong = [](const char* scope, const char* other) {
        return wrong_with([&](auto& listener) {
            listener.set_client_auth(command::CLIENT_AUTH_REQUIRED);
            listener.add_client_ca_certificates(x509::made::pair().certificate);
            listener.add_client_ca_crls(x509::made::revocation_list({.issuer = "a", .scope = scope}));
            listener.add_client_ca_crls(x509::made::revocation_list({.issuer = "a", .scope = other}));
        });
    };
    EXPECT_THAT(wrong("onlyuser:TRUE", "onlyCA:TRUE"), IsEmpty());
    EXPECT_THAT(wrong(nullptr, nullptr),
                ElementsAre("client_ca_crls: two lists are of the same issuer and about the same certificates"));
}

TEST(ClientAuthCheck, is_no_secret_of_the_verb) {
    Request other;
    *other.mutable_add_https_listener_with_client_auth()->mutable_address() = wire(here);
    const auto checked = check(other);
    ASSERT_TRUE(checked.has_value());
    EXPECT_TRUE((*checked)->has_add_https_listener());
}

TEST(ClientAuthCheck, never_takes_an_unknown_mode_for_none) {
    Request request = https_listener(here);
    std::string bytes = request.SerializePartialAsString();
    HttpsListenerConfig listener = request.add_https_listener();
    std::string inner = listener.SerializePartialAsString() + "\x98\x03\x07";  // field 51, value 7
    ASSERT_TRUE(listener.ParsePartialFromString(inner));
    *request.mutable_add_https_listener() = listener;
    EXPECT_THAT(refusals(request), ElementsAre("client_auth: 7 is no value of ClientAuthMode"));
}

TEST(ClientAuthCheck, wants_what_it_is_to_recognise_clients_by) {
    EXPECT_THAT(wrong_with([](auto& listener) { listener.set_client_auth(command::CLIENT_AUTH_REQUIRED); }),
                ElementsAre("client_ca_certificates: without them nobody could be recognised"));
    EXPECT_THAT(wrong_with([](auto& listener) { listener.add_client_ca_certificates(x509::made::pair().certificate); }),
                ElementsAre("client_auth: CLIENT_AUTH_OPTIONAL or _REQUIRED must be said along with certificates and "
                            "lists"));
    EXPECT_THAT(wrong_with([](auto& listener) {
                    listener.set_client_auth(command::CLIENT_AUTH_REQUIRED);
                    listener.add_client_ca_certificates("x");
                    listener.add_client_ca_crls("y");
                }),
                ElementsAre("client_ca_certificates: it holds no certificate in PEM",
                            "client_ca_crls: it holds no list of revoked certificates (X509 CRL) in PEM"));
}

TEST(ClientAuthCheck, names_headers_that_mean_nothing_else) {
    const auto wrong = [](auto fill) {
        return wrong_with([&](auto& listener) { fill(*listener.mutable_client_auth_headers()); });
    };
    EXPECT_THAT(wrong([](auto& headers) { headers.set_subject("X-Subject"); }), IsEmpty());
    EXPECT_THAT(wrong([](auto& headers) { headers.set_subject("X_Forwarded-For"); }),
                ElementsAre("client_auth_headers: 'X_Forwarded-For' has another meaning"));
    EXPECT_THAT(wrong([](auto& headers) { headers.set_subject("sozu_id"); }),
                ElementsAre("client_auth_headers: 'sozu_id' has another meaning"));
    EXPECT_THAT(wrong([](auto& headers) {
                    headers.set_subject("X-A");
                    headers.set_san("X_A");
                }),
                ElementsAre("client_auth_headers: 'X_A' is named twice"));
    EXPECT_THAT(wrong([](auto& headers) { headers.set_subject("no token"); }), Contains(HasSubstr("is no token")));
    EXPECT_THAT(wrong([](auto& headers) { headers.set_subject("Host"); }),
                Contains("client_auth_headers: 'Host' has another meaning"));
    EXPECT_THAT(wrong([](auto& headers) {
                    headers.set_subject("X-A");
                    headers.set_san("x-a");
                }),
                Contains("client_auth_headers: 'x-a' is named twice"));
    EXPECT_THAT(wrong([](auto&) {}), IsEmpty());
}

TEST(TlsUpdateCheck, follows_the_rules_of_listeners) {
    Request request = https_update(here);
    command::UpdateHttpsListenerConfig& update = *request.mutable_update_https_listener();
    EXPECT_THAT(refusals(request), IsEmpty());
    update.set_back_timeout(0);
    update.set_handshake_timeout(0);
    update.mutable_hsts();
    update.mutable_alpn_protocols()->add_values("h3");
    std::vector<std::string> fields;
    const auto checked = check_every_field(request);
    for (const Refusal& refusal : checked.error()) fields.push_back(refusal.field);
    EXPECT_THAT(fields, testing::UnorderedElementsAre("back_timeout", "handshake_timeout", "hsts", "alpn_protocols"));
}

TEST(BackendTlsCheck, looks_at_everything_that_it_is_given) {
    Request request = cluster("c");
    command::BackendTls& tls = *request.mutable_add_cluster()->mutable_tls();
    EXPECT_THAT(refusals(request), IsEmpty());
    const auto pair = x509::made::pair();
    tls.add_ca_certificates(pair.certificate);
    tls.add_pinned_keys(std::string(64, 'A'));
    tls.set_server_name("Backend.Example");
    tls.set_certificate(pair.certificate);
    tls.set_key(pair.key);
    tls.add_alpn_protocols("http/1.1");
    EXPECT_THAT(refusals(request), IsEmpty());
    tls.add_alpn_protocols("h2");
    EXPECT_THAT(refusals(request), ElementsAre("tls: alpn_protocols: HTTP/2 towards backends is not available yet"));
    tls.mutable_alpn_protocols()->RemoveLast();
    tls.add_ca_certificates("x");
    tls.add_pinned_keys("y");
    tls.set_server_name("*.example");
    tls.set_key(x509::made::pair().key);
    tls.add_alpn_protocols("h3");
    EXPECT_THAT(refusals(request), ElementsAre("tls: server_name: '*.example' is no name of a host",
                                               "tls: pinned_keys: 'y' is no SHA-256 in 64 hexadecimal digits",
                                               "tls: ca_certificates: it holds no certificate in PEM",
                                               "tls: alpn_protocols: 'h3' is neither h2 nor http/1.1",
                                               "tls: key: the key does not belong to the certificate"));
}

}  // namespace
}  // namespace seki::config
