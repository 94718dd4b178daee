// Clients that come through TLS: what they are answered, and what is different from those who come without.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/convert.h"
#include "stage/message.h"
#include "stage/stage.h"
#include "tls/identities.h"
#include "x509/made.h"

namespace seki::stage {
namespace {

using testing::HasSubstr;

class SecuredClients : public testing::Test {
protected:
    void listen(const std::function<void(command::HttpsListenerConfig&)>& set = {}) {
        stage.listen_secured(set);
        stage.route_to_backends(1);
        ASSERT_TRUE(stage.change({secured(add_frontend("c", "a"))}).has_done());
    }
    WirePtr client(std::string_view first_bytes = {}) {
        return stage.secured_client(first_bytes, {.server_name = "a"});
    }

    Stage stage;
};

TEST_F(SecuredClients, are_answered_by_backends_that_are_told_of_it) {
    listen();
    const WirePtr client = this->client(get());
    const WirePtr backend = stage.backend(1);
    const Message request = take_request(backend);
    EXPECT_EQ(request.first_line, "GET / HTTP/1.1");
    EXPECT_EQ(request.field("X-Forwarded-Proto"), "https");
    EXPECT_EQ(request.field("X-Forwarded-Port"), "443");
    backend->send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    stage.settle();
    const Message answer = take_answer(client);
    EXPECT_EQ(answer.status(), 200);
    EXPECT_EQ(answer.body, "hi");
    EXPECT_THAT(stage.log(), HasSubstr(" https "));
}

TEST_F(SecuredClients, ask_again_on_the_same_connection) {
    listen();
    const WirePtr client = this->client(get());
    const WirePtr backend = stage.backend(1);
    for (int n = 0; n < 3; ++n) {
        EXPECT_EQ(take_request(backend).first_line, "GET / HTTP/1.1");
        backend->send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
        stage.settle();
        EXPECT_EQ(take_answer(client).status(), 200);
        client->send(get());
        stage.settle();
    }
}

TEST_F(SecuredClients, see_an_end_that_was_meant) {
    listen();
    const WirePtr client = this->client("GET / HTTP/1.0\r\nHost: a\r\n\r\n");
    const WirePtr backend = stage.backend(1);
    take_request(backend);
    backend->send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end");
    backend->finish();
    stage.settle();
    EXPECT_EQ(take_answer(client).body, "until the end");
    EXPECT_TRUE(client->saw_end());
}

TEST_F(SecuredClients, do_not_take_what_was_cut_off_for_all_there_was) {
    listen();
    const WirePtr client = this->client(get());
    const WirePtr backend = stage.backend(1);
    take_request(backend);
    backend->send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart");
    stage.settle();
    backend->reset();
    stage.settle();
    EXPECT_TRUE(client->peer_closed());
    EXPECT_FALSE(client->secured()->saw_end());
}

TEST_F(SecuredClients, are_refused_hosts_whose_certificate_they_were_not_shown) {
    listen([](auto& config) { config.set_strict_sni_binding(true); });
    ASSERT_TRUE(stage.change({secured(add_frontend("c", "other"))}).has_done());
    const WirePtr client = this->client("GET / HTTP/1.1\r\nHost: other\r\n\r\n");
    stage.settle();
    EXPECT_EQ(take_answer(client).status(), 421);
    client->send(get());
    stage.settle();
    EXPECT_EQ(take_request(stage.backend(1)).first_line, "GET / HTTP/1.1");
}

TEST_F(SecuredClients, may_write_the_host_in_their_own_way) {
    listen([](auto& config) { config.set_strict_sni_binding(true); });
    for (const char* host : {"A", "a.", "A:443"}) {
        const WirePtr client = this->client(fmt::format("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", host));
        EXPECT_EQ(take_request(stage.backend(1)).first_line, "GET / HTTP/1.1") << host;
        client->reset();
        stage.settle();
    }
}

TEST_F(SecuredClients, are_not_told_that_a_cut_off_answer_is_whole_when_the_worker_stops) {
    listen();
    const WirePtr client = this->client("GET / HTTP/1.0\r\nHost: a\r\n\r\n");
    const WirePtr backend = stage.backend(1);
    take_request(backend);
    backend->send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the");
    stage.settle();
    stage.worker->stop(true);
    stage.settle();
    EXPECT_TRUE(client->peer_closed());
    EXPECT_FALSE(client->secured()->saw_end());
}

TEST_F(SecuredClients, are_told_to_come_through_tls_only) {
    listen([](auto& config) {
        config.mutable_hsts()->set_enabled(true);
        config.mutable_hsts()->set_max_age(31'536'000);
        config.mutable_hsts()->set_include_subdomains(true);
    });
    const std::string rule = "max-age=31536000; includeSubDomains";
    const WirePtr client = this->client(get());
    const WirePtr backend = stage.backend(1);
    take_request(backend);
    backend->send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    stage.settle();
    EXPECT_EQ(take_answer(client).field("Strict-Transport-Security"), rule);
    client->send(get());
    stage.settle();
    take_request(backend);
    backend->send("HTTP/1.1 200 OK\r\nStrict-Transport-Security: max-age=1\r\nContent-Length: 0\r\n\r\n");
    stage.settle();
    EXPECT_EQ(take_answer(client).field("Strict-Transport-Security"), "max-age=1");
    client->send("GET / HTTP/1.1\r\nHost: nobody\r\n\r\n");
    stage.settle();
    EXPECT_EQ(take_answer(client).field("Strict-Transport-Security"), rule);
    const WirePtr plain = stage.client("GET / HTTP/1.1\r\nHost: nobody\r\n\r\n");
    stage.settle();
    EXPECT_FALSE(take_answer(plain).has("Strict-Transport-Security"));
}

TEST_F(SecuredClients, are_sent_there_from_where_nothing_is_secured_and_no_further) {
    listen();
    command::Request cluster;
    cluster.mutable_add_cluster()->set_cluster_id("c");
    cluster.mutable_add_cluster()->set_https_redirect(true);
    ASSERT_TRUE(stage.change({cluster}).has_done());
    const WirePtr plain = stage.client(get("/path"));
    stage.settle();
    const Message redirect = take_answer(plain);
    EXPECT_EQ(redirect.status(), 301);
    EXPECT_EQ(redirect.field("Location"), "https://a/path");
    const WirePtr client = this->client(get("/path"));
    EXPECT_EQ(take_request(stage.backend(1)).first_line, "GET /path HTTP/1.1");
}

TEST_F(SecuredClients, who_do_not_finish_their_handshake_are_not_waited_for) {
    listen([](auto& config) { config.set_handshake_timeout(3); });
    const WirePtr wire = stage.network.wire();
    auto end = stage.network.transport(wire);
    wire->send("\x16\x03\x01");
    stage.worker->accept_connection(Stage::https, std::move(end), SocketAddress::v4(0xC0000201U, 1));
    stage.pass(std::chrono::milliseconds(2900));
    EXPECT_FALSE(wire->peer_closed());
    stage.pass(std::chrono::milliseconds(200));
    EXPECT_TRUE(wire->peer_closed());
}

TEST_F(SecuredClients, who_speak_plain_http_are_told_so) {
    listen();
    const WirePtr wire = stage.network.wire();
    auto end = stage.network.transport(wire);
    wire->send(get());
    stage.worker->accept_connection(Stage::https, std::move(end), SocketAddress::v4(0xC0000201U, 1));
    stage.settle();
    EXPECT_EQ(take_answer(wire).status(), 400);
    EXPECT_TRUE(wire->peer_finished());
    wire->finish();
    stage.settle();
    EXPECT_TRUE(wire->peer_closed());
}

TEST_F(SecuredClients, are_counted_by_how_their_handshake_went) {
    listen();
    client(get());
    stage.secured_client({}, {.server_name = "a", .version = TLS1_2_VERSION, .protocols = "\x08http/1.1"});
    stage.secured_client({}, {.server_name = "stranger"});
    stage.secured_client({}, {.server_name = "a", .protocols = "\x02h3"});
    stage.settle();
    using observe::Counter;
    EXPECT_EQ(stage.metrics.value(Counter::tls_version_13), 2U);
    EXPECT_EQ(stage.metrics.value(Counter::tls_version_12), 1U);
    EXPECT_EQ(stage.metrics.value(Counter::alpn_http11), 1U);
    EXPECT_EQ(stage.metrics.value(Counter::tls_default_cert_used), 1U);
    EXPECT_EQ(stage.metrics.value(Counter::tls_failed_no_alpn), 1U);
}

TEST_F(SecuredClients, have_the_certificates_that_there_are_now) {
    listen();
    const auto subject_of = [&] {
        const WirePtr client = this->client(get());
        stage.settle();
        char name[64] = {};
        X509* const shown = SSL_get1_peer_certificate(client->secured()->peer().ssl());
        if (shown == nullptr) return std::string("none");
        X509_NAME_get_text_by_NID(X509_get_subject_name(shown), NID_commonName, name, sizeof name);
        const std::string serial = std::to_string(ASN1_INTEGER_get(X509_get0_serialNumber(shown)));
        X509_free(shown);
        return name + (" " + serial);
    };
    const std::string first = subject_of();
    const auto longer = tls::make_certificate({.names = {"a"}, .valid_days = 900});
    const tls::PemPair pair = tls::to_pem(*longer);
    command::Request add;
    *add.mutable_add_certificate()->mutable_address() = config::to_wire(Stage::https.address);
    add.mutable_add_certificate()->mutable_certificate()->set_certificate(pair.certificate);
    add.mutable_add_certificate()->mutable_certificate()->set_key(pair.key);
    ASSERT_TRUE(stage.change({add}).has_done());
    const std::string second = subject_of();
    EXPECT_NE(second, first);
    command::Request remove;
    *remove.mutable_remove_certificate()->mutable_address() = config::to_wire(Stage::https.address);
    remove.mutable_remove_certificate()->set_fingerprint(x509::hex(longer->fingerprint()));
    ASSERT_TRUE(stage.change({remove}).has_done());
    EXPECT_EQ(subject_of(), first);
}

TEST_F(SecuredClients, would_be_shown_what_an_operator_is_told) {
    listen();
    const auto own = tls::make_certificate({.names = {"own"}});
    const tls::PemPair pair = tls::to_pem(*own);
    stage.listen_secured([&](command::HttpsListenerConfig& listener) {
        listener.set_certificate(pair.certificate);
        listener.set_key(pair.key);
    });
    const auto ask = [&](const std::function<void(command::QueryCertificatesFilters&)>& fill) {
        worker::Order question;
        fill(*question.mutable_query()->mutable_query_certificates_from_workers());
        return stage.order(std::move(question)).answer().response();
    };
    const std::string fingerprint = x509::hex(own->fingerprint());
    const auto found = ask([&](auto& filters) { filters.set_fingerprint(fingerprint); });
    const auto& certificates = found.content().certificates_with_fingerprints().certs();
    EXPECT_THAT(certificates.at(fingerprint).names(), testing::ElementsAre("own"));
    const auto unknown = ask([](auto& filters) { filters.set_fingerprint(std::string(64, '0')); });
    EXPECT_EQ(unknown.message(), "there is no certificate " + std::string(64, '0'));
    const auto shown_for = [&](const std::string& host) {
        const auto shown = ask([&](auto& filters) { filters.set_domain(host); });
        std::vector<std::string> fingerprints;
        for (const auto& summary : shown.content().certificates_by_address().certificates(0).certificate_summaries())
            fingerprints.push_back(summary.fingerprint());
        return fingerprints;
    };
    EXPECT_THAT(shown_for("stranger"), testing::ElementsAre(fingerprint)) << "as those who name nobody";
    EXPECT_THAT(shown_for("a"), testing::ElementsAre(testing::Ne(fingerprint)));
}

// ---- where their bytes lie

class PlacedCertificate : public SecuredClients {
protected:
    PlacedCertificate() {
        EXPECT_TRUE(bytes) << bytes.error().message;
        command::AddCertificate& added = *order.mutable_prepare()->add_changes()->mutable_add_certificate();
        *added.mutable_address() = config::to_wire(Stage::https.address);
        added.mutable_certificate()->set_certificate("");
        added.mutable_certificate()->set_key("");
        order.mutable_prepare()->add_segments()->set_number(bytes->place().segment);
        place.set_segment(bytes->place().segment);
        place.set_offset(0);
        place.set_leaf_size(10);
        place.set_key_size(0);
        place.set_names_size(0);
        place.set_chain_segment(0);
        place.set_chain_offset(0);
    }

    std::string refusal(bool with_memory = true) {
        std::vector<UniqueFd> fds;
        if (with_memory) fds.push_back(*bytes->segment()->copy_fd());
        return stage.order(order, std::move(fds)).refused().reason();
    }

    static constexpr std::string_view text = "no certificate, but bytes";
    SharedBytes memory;
    Result<SharedBytes::Piece> bytes = memory.put({&text, 1});
    worker::Order order;
    worker::CertificatePlace place;
};

TEST_F(PlacedCertificate, is_refused_where_its_place_is_not_told) { EXPECT_THAT(refusal(), HasSubstr("not told")); }

TEST_F(PlacedCertificate, is_refused_when_there_is_none_at_its_place) {
    *order.mutable_prepare()->add_certificates() = place;
    EXPECT_THAT(refusal(), HasSubstr("no certificate"));
}

TEST_F(PlacedCertificate, is_refused_when_its_place_is_outside_of_the_memory) {
    worker::CertificatePlace& told = *order.mutable_prepare()->add_certificates();
    told = place;
    told.set_offset(SharedBytes::smallest_segment - 5);
    EXPECT_THAT(refusal(), HasSubstr("outside"));
    told.set_offset(UINT32_MAX);
    EXPECT_THAT(refusal(), HasSubstr("outside"));
    told = place;
    told.set_key_size(UINT32_MAX);
    told.set_names_size(UINT32_MAX);
    EXPECT_THAT(refusal(), HasSubstr("outside"));
    told = place;
    told.set_chain_segment(place.segment());
    told.set_chain_offset(UINT32_MAX);
    told.add_chain_sizes(UINT32_MAX);
    EXPECT_THAT(refusal(), HasSubstr("outside"));
}

TEST_F(PlacedCertificate, is_refused_when_the_memory_did_not_come) {
    *order.mutable_prepare()->add_certificates() = place;
    EXPECT_THAT(refusal(false), HasSubstr("too many descriptors"));
    order.mutable_prepare()->mutable_certificates(0)->set_segment(77);
    EXPECT_THAT(refusal(), HasSubstr("did not come"));
}

// ---- clients with certificates

class KnownClients : public SecuredClients {
protected:
    void listen(command::ClientAuthMode mode) {
        x509::made::Wish wish;
        wish.common_name = "clients";
        wish.authority = true;
        const x509::made::Key key = x509::made::ec_key();
        const std::string authority = x509::made::certificate_of(key.get(), wish);
        wish = {.common_name = "alice", .alternative_names = "DNS:alice.example"};
        wish.issuer = "clients";
        wish.issuer_key = key.get();
        alice = x509::made::pair(wish);
        SecuredClients::listen([&](command::HttpsListenerConfig& listener) {
            listener.set_client_auth(mode);
            listener.add_client_ca_certificates(authority);
            command::ClientAuthHeaders& headers = *listener.mutable_client_auth_headers();
            headers.set_subject("X-Subject");
            headers.set_san("X-San");
            headers.set_fingerprint("X-Print");
            headers.set_verify_result("X-Verify");
        });
    }
    WirePtr known_client(std::string_view first_bytes) {
        return stage.secured_client(first_bytes,
                                    {.server_name = "a", .certificate = alice.certificate, .key = alice.key});
    }

    x509::made::Pair alice;
};

TEST_F(KnownClients, are_made_known_to_backends_and_to_the_log) {
    listen(command::CLIENT_AUTH_REQUIRED);
    const WirePtr client = known_client(get());
    const WirePtr backend = stage.backend(1);
    const Message request = take_request(backend);
    EXPECT_EQ(request.field("X-Subject"), "CN=alice");
    EXPECT_EQ(request.field("X-San"), "DNS:alice.example");
    EXPECT_EQ(request.field("X-Print").size(), 64U);
    EXPECT_EQ(request.field("X-Verify"), "SUCCESS");
    backend->send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    stage.settle();
    EXPECT_EQ(take_answer(client).status(), 200);
    EXPECT_THAT(stage.log(), HasSubstr("[client-subject=CN=alice, client-fingerprint="));
    EXPECT_EQ(stage.metrics.value(observe::Counter::tls_client_certificates), 1U);
}

TEST_F(KnownClients, do_not_say_themselves_what_backends_are_told) {
    listen(command::CLIENT_AUTH_OPTIONAL);
    const std::string forged =
        "X-Subject: CN=admin\r\nx_subject: CN=admin\r\nX.San: DNS:admin\r\nX-VERIFY: SUCCESS\r\nX_Print: ab\r\n";
    const WirePtr stranger = this->client("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n" + forged +
                                          "\r\n2\r\nhi\r\n0\r\n" + forged + "\r\n");
    const WirePtr backend = stage.backend(1);
    stage.settle();
    const std::string sent = backend->received();
    EXPECT_THAT(sent, testing::Not(HasSubstr("admin")));
    EXPECT_THAT(sent, testing::Not(HasSubstr("SUCCESS")));
    EXPECT_THAT(sent, testing::Not(HasSubstr("ab\r\n")));
    EXPECT_THAT(sent, HasSubstr("X-Verify: NONE\r\n"));
    EXPECT_THAT(sent, testing::EndsWith("2\r\nhi\r\n0\r\n\r\n"));
}

TEST_F(KnownClients, are_not_found_by_rules_for_what_strangers_say) {
    listen(command::CLIENT_AUTH_OPTIONAL);
    command::Request admin = secured(add_frontend("c", "a"));
    auto& condition = *admin.mutable_add_https_frontend()->add_match_headers();
    condition.set_name("X-Subject");
    admin.mutable_add_https_frontend()->set_redirect(command::UNAUTHORIZED);
    ASSERT_TRUE(stage.change({admin}).has_done());
    const WirePtr stranger = this->client("GET / HTTP/1.1\r\nHost: a\r\nX-Subject: CN=admin\r\n\r\n");
    EXPECT_EQ(take_request(stage.backend(1)).field("X-Verify"), "NONE");
}

TEST_F(KnownClients, are_the_only_ones_that_are_served_where_they_have_to_be_known) {
    listen(command::CLIENT_AUTH_REQUIRED);
    const WirePtr stranger = this->client(get());
    stage.settle();
    EXPECT_FALSE(stage.has_connection(1));
    EXPECT_EQ(stage.metrics.value(observe::Counter::tls_failed_no_client_certificate), 1U);
    alice = x509::made::pair();
    const WirePtr mallory = known_client(get());
    stage.settle();
    EXPECT_FALSE(stage.has_connection(1));
    EXPECT_EQ(stage.metrics.value(observe::Counter::tls_failed_bad_client_certificate), 1U);
}

TEST_F(KnownClients, come_under_a_policy_that_no_worker_serves_by_halves) {
    command::Request listen;
    command::HttpsListenerConfig& listener = *listen.mutable_add_https_listener_with_client_auth();
    *listener.mutable_address() = config::to_wire(Stage::https.address);
    listener.set_client_auth(command::CLIENT_AUTH_REQUIRED);
    EXPECT_EQ(stage.prepare({listen}).refused().reason(), "there is no authority of clients");
}

}  // namespace
}  // namespace seki::stage
