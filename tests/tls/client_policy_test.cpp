#include "tls/client_policy.h"

#include <gmock/gmock.h>
#include <openssl/pem.h>
#include <tuple>

#include "tls/connection.h"
#include "x509/crl.h"
#include "x509/made.h"
#include "x509/pem.h"

namespace seki::tls {
namespace {

using testing::HasSubstr;
using x509::made::ListWish;
using x509::made::Pair;
using x509::made::Wish;
using Mode = ClientPolicy::Mode;

// Of the clock that the tests have: November 2023.
constexpr int64_t now_s = 1'700'000'000;

struct Authority {
    explicit Authority(const std::string& name_, const Authority* issuer = nullptr) : name(name_) {
        Wish wish;
        wish.common_name = name;
        wish.authority = true;
        if (issuer != nullptr) {
            wish.issuer = issuer->name;
            wish.issuer_key = issuer->key.get();
        }
        certificate = x509::made::certificate_of(key.get(), wish);
    }
    [[nodiscard]] Pair issue(Wish wish = {}) const {
        if (wish.common_name == Wish().common_name) wish.common_name = "alice";
        wish.issuer = name;
        wish.issuer_key = key.get();
        return x509::made::pair(wish);
    }
    [[nodiscard]] std::string der() const { return x509::read_certificates(certificate)->front(); }
    [[nodiscard]] std::string list(ListWish wish = {}) const {
        wish.issuer = name;
        wish.issuer_key = key.get();
        return x509::read_revocation_lists(x509::made::revocation_list(wish))->front().der;
    }

    std::string name;
    x509::made::Key key = x509::made::ec_key();
    std::string certificate;
};

// Each version, and who does the records.
class ClientCertificates : public testing::TestWithParam<std::tuple<int, bool>> {
protected:
    ClientCertificates() {
        server.own_records = std::get<bool>(GetParam());
        server.clients.mode = Mode::required;
        server.clients.authorities = {root.der()};
        fixture.engine->on_handshake = [this](const HandshakeReport& report) {
            failure = report.failure;
            why = report.why;
        };
    }

    std::unique_ptr<Connection> connect(const Pair& pair, SSL_SESSION* session = nullptr) {
        Client::Settings settings{.version = std::get<int>(GetParam()), .session = session};
        settings.certificate = pair.certificate;
        settings.key = pair.key;
        auto connection = std::make_unique<Connection>(fixture.context(server), settings);
        served = connection->shake_hands();
        if (!served) connection->client.receive();  // the alert, behind a handshake that it took for done
        return connection;
    }
    // What the client is told; empty when it is served.
    std::string refused(const Pair& pair) {
        const auto connection = connect(pair);
        return served ? std::string() : connection->client.error();
    }
    void pass(Duration time) {
        fixture.clock.advance(time);
        fixture.loop.turn(Duration::zero());
    }
    [[nodiscard]] bool tls13() const { return std::get<int>(GetParam()) == TLS1_3_VERSION; }

    ServerFixture fixture;
    Authority root{"root"};
    ServerSettings server;
    HandshakeFailure failure = HandshakeFailure::none;
    std::string why;
    bool served = false;
};

TEST_P(ClientCertificates, tell_who_the_client_is) {
    const auto connection =
        connect(root.issue({.alternative_names = "DNS:a.example,IP:192.0.2.1,email:a@b,URI:spiffe://x/y"}));
    ASSERT_TRUE(served) << connection->client.error();
    const ClientCertificatePtr client = connection->server->info().client;
    ASSERT_NE(client, nullptr);
    EXPECT_EQ(client->subject, "CN=alice");
    EXPECT_EQ(client->alternative_names, "DNS:a.example, IP:192.0.2.1, email:a@b, URI:spiffe://x/y");
    EXPECT_EQ(client->fingerprint.size(), 64U);
    connection->client.send("hello");
    EXPECT_EQ(connection->read(), "hello");
    EXPECT_EQ(connection->send("and back"), "and back");
}

TEST_P(ClientCertificates, keep_names_apart_whatever_is_in_them) {
    const auto connection =
        connect(root.issue({.common_name = "a,O=b\r\nX: y", .alternative_names = "email:x\\,DNS:y.example"}));
    ASSERT_TRUE(served) << connection->client.error();
    EXPECT_EQ(connection->server->info().client->subject, "CN=a\\,O=b\\0D\\0AX: y");
}

TEST_P(ClientCertificates, are_wanted) {
    EXPECT_THAT(refused({}), HasSubstr(tls13() ? "certificate required" : "handshake failure"));
    EXPECT_EQ(failure, HandshakeFailure::no_client_certificate);
}

TEST_P(ClientCertificates, may_be_left_out_where_they_are_optional) {
    server.clients.mode = Mode::optional;
    const auto unknown = connect({});
    ASSERT_TRUE(served);
    EXPECT_EQ(unknown->server->info().client, nullptr);
    const auto known = connect(root.issue());
    ASSERT_TRUE(served);
    EXPECT_NE(known->server->info().client, nullptr);
    EXPECT_THAT(refused(Authority("stranger").issue()), HasSubstr("unknown ca"));
}

TEST_P(ClientCertificates, of_others_are_refused) {
    const Authority namesake("root");
    EXPECT_NE(refused(namesake.issue()), "");
    EXPECT_EQ(failure, HandshakeFailure::bad_client_certificate);
    EXPECT_THAT(refused(Authority("stranger").issue()), HasSubstr("unknown ca"));
    EXPECT_THAT(why, HasSubstr("of 'CN=alice'"));
    EXPECT_THAT(refused(x509::made::pair()), HasSubstr("unknown ca"));
}

TEST_P(ClientCertificates, have_their_time_and_their_purpose) {
    EXPECT_THAT(refused(root.issue({.not_after = now_s - 1})), HasSubstr("certificate expired"));
    EXPECT_NE(refused(root.issue({.not_before = now_s + 1})), "");
    EXPECT_THAT(refused(root.issue({.purposes = "serverAuth"})), HasSubstr("unsupported certificate"));
    EXPECT_EQ(refused(root.issue({.purposes = "clientAuth"})), "");
}

TEST_P(ClientCertificates, are_not_made_by_those_who_are_no_authority) {
    const Pair alice = root.issue();
    const std::unique_ptr<BIO, decltype(&BIO_free)> in(
        BIO_new_mem_buf(alice.key.data(), static_cast<int>(alice.key.size())), &BIO_free);
    const x509::made::Key key(PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr));
    Pair bob = x509::made::pair({.common_name = "bob", .issuer = "alice", .issuer_key = key.get()});
    bob.certificate += alice.certificate;
    EXPECT_NE(refused(bob), "");
}

TEST_P(ClientCertificates, come_with_what_leads_to_an_authority) {
    const Authority between("between", &root);
    Pair alice = between.issue();
    EXPECT_THAT(refused(alice), HasSubstr("unknown ca"));
    alice.certificate += between.certificate;
    EXPECT_EQ(refused(alice), "");
}

TEST_P(ClientCertificates, are_those_of_an_authority_that_another_one_signed) {
    const Authority between("between", &root);
    server.clients.authorities = {between.der()};
    EXPECT_EQ(refused(between.issue()), "");
    EXPECT_NE(refused(root.issue()), "");
    server.clients.revocations = {between.list()};  // there is none about itself
    EXPECT_EQ(refused(between.issue()), "");
}

TEST_P(ClientCertificates, stand_at_the_end_of_chains_that_are_not_too_long) {
    std::vector<std::unique_ptr<Authority>> line;
    std::string shown;
    for (int i = 0; i <= ClientVerifier::max_intermediates; ++i) {
        const Authority* above = line.empty() ? &root : line.back().get();
        line.push_back(std::make_unique<Authority>("of line " + std::to_string(i), above));
        shown = line.back()->certificate + shown;
        Pair client = line.back()->issue();
        client.certificate += shown;
        EXPECT_EQ(refused(client).empty(), i < ClientVerifier::max_intermediates) << i;
    }
}

TEST_P(ClientCertificates, that_were_revoked_are_refused) {
    server.clients.revocations = {root.list({.serials = {7}})};
    EXPECT_THAT(refused(root.issue({.serial = 7})), HasSubstr("certificate revoked"));
    EXPECT_EQ(failure, HandshakeFailure::bad_client_certificate);
    EXPECT_EQ(refused(root.issue({.serial = 8})), "");
}

TEST_P(ClientCertificates, are_refused_when_nobody_knows_whether_they_were_revoked) {
    const Authority between("between", &root);
    Pair alice = between.issue();
    alice.certificate += between.certificate;
    server.clients.revocations = {root.list()};  // none of the other issuer
    EXPECT_NE(refused(alice), "");
    EXPECT_THAT(why, HasSubstr("unable to get certificate CRL"));
    server.clients.revocations = {root.list(), between.list({.next_update = now_s - 1})};
    EXPECT_THAT(refused(alice), HasSubstr("certificate expired"));
    EXPECT_THAT(why, HasSubstr("CRL has expired"));
    server.clients.revocations = {root.list({.next_update = now_s - 1}), between.list()};
    EXPECT_NE(refused(alice), "");
    server.clients.revocations = {root.list(), Authority("between").list()};  // of somebody else with that name
    EXPECT_NE(refused(alice), "");
    server.clients.revocations = {root.list(), between.list()};
    EXPECT_EQ(refused(alice), "");
}

TEST_P(ClientCertificates, of_a_revoked_issuer_are_refused) {
    const Authority between("between", &root);
    Pair alice = between.issue();
    alice.certificate += between.certificate;
    const std::string der = x509::read_certificates(between.certificate)->front();
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    const std::unique_ptr<X509, decltype(&X509_free)> read(d2i_X509(nullptr, &at, static_cast<long>(der.size())),
                                                           &X509_free);
    const int64_t serial = ASN1_INTEGER_get(X509_get0_serialNumber(read.get()));
    server.clients.revocations = {root.list({.serials = {serial}}), between.list()};
    EXPECT_THAT(refused(alice), HasSubstr("certificate revoked"));
}

TEST_P(ClientCertificates, with_endless_names_are_refused) {
    std::string names;
    for (int i = 0; i < 700; ++i) names += (names.empty() ? "DNS:" : ",DNS:") + std::to_string(i) + ".example";
    EXPECT_THAT(refused(root.issue({.alternative_names = names})), HasSubstr("bad certificate"));
    EXPECT_EQ(failure, HandshakeFailure::bad_client_certificate);
}

TEST_P(ClientCertificates, that_are_large_do_not_make_more_tickets_than_can_be_sent) {
    server.tickets = 16;
    std::string names;
    for (int i = 0; i < 400; ++i) names += (names.empty() ? "DNS:" : ",DNS:") + std::to_string(i) + ".a.example";
    const auto connection = connect(root.issue({.alternative_names = names}));
    ASSERT_TRUE(served) << connection->client.error();
    EXPECT_EQ(connection->send("hello"), "hello");
    EXPECT_LT(connection->client.tickets(), 8);
}

// ---- sessions

TEST_P(ClientCertificates, are_known_in_a_session_that_is_resumed) {
    server.clients.revocations = {root.list()};
    const Pair alice = root.issue({.alternative_names = "DNS:a.example"});
    const auto first = connect(alice);
    ASSERT_TRUE(served);
    ASSERT_NE(first->client.ticket(), nullptr);
    const auto second = connect({}, first->client.ticket());
    ASSERT_TRUE(served);
    EXPECT_TRUE(second->server->info().resumed);
    const ClientCertificatePtr client = second->server->info().client;
    ASSERT_NE(client, nullptr);
    EXPECT_EQ(client->subject, first->server->info().client->subject);
    EXPECT_EQ(client->alternative_names, "DNS:a.example");
    EXPECT_EQ(client->fingerprint, first->server->info().client->fingerprint);
    EXPECT_EQ(second->send("hello"), "hello");
}

TEST_P(ClientCertificates, are_looked_at_again_when_the_policy_has_changed) {
    const Pair alice = root.issue({.serial = 7});
    const auto first = connect(alice);
    ASSERT_TRUE(served);
    server.clients.revocations = {root.list({.serials = {7}})};
    const auto again = connect(alice, first->client.ticket());
    EXPECT_FALSE(served);
    EXPECT_THAT(again->client.error(), HasSubstr("certificate revoked"));
}

TEST_P(ClientCertificates, count_for_nothing_where_nobody_had_to_show_one) {
    server.clients.mode = Mode::optional;
    const auto unknown = connect({});
    ASSERT_TRUE(served);
    server.clients.mode = Mode::none;
    const auto unasked = connect({});
    ASSERT_TRUE(served);
    server.clients.mode = Mode::required;
    connect({}, unknown->client.ticket());
    EXPECT_FALSE(served);
    connect({}, unasked->client.ticket());
    EXPECT_FALSE(served);
}

TEST_P(ClientCertificates, make_sessions_that_end_with_what_is_known_today) {
    const auto resumes_after = [&](Duration time, const Wish& wish) {
        const auto first = connect(root.issue(wish));
        EXPECT_TRUE(served);
        pass(time);
        const auto again = connect({}, first->client.ticket());
        return served && again->server->info().resumed;
    };
    const int64_t end_s = now_s + 3600;
    EXPECT_TRUE(resumes_after(std::chrono::minutes(10), {.not_after = end_s}));
    EXPECT_FALSE(resumes_after(std::chrono::minutes(50), {.not_after = end_s}));
    server.clients.revocations = {root.list({.next_update = end_s + 3600})};
    EXPECT_TRUE(resumes_after(std::chrono::minutes(10), {}));
    EXPECT_FALSE(resumes_after(std::chrono::minutes(50), {}));
}

TEST_P(ClientCertificates, are_asked_for_again_however_often_a_session_was_resumed) {
    const auto first = connect(root.issue());
    ASSERT_TRUE(served);
    pass(std::chrono::hours(7));
    const auto second = connect({}, first->client.ticket());
    ASSERT_TRUE(served && second->server->info().resumed);
    pass(std::chrono::hours(7));
    SSL_SESSION* const newest = second->client.ticket() != nullptr ? second->client.ticket() : first->client.ticket();
    connect({}, newest);
    EXPECT_FALSE(served);
}

TEST_P(ClientCertificates, go_along_to_another_process) {
    ServerFixture other;
    const auto connection = connect(root.issue());
    ASSERT_TRUE(served);
    if (!server.own_records) return;
    connection->move_to(*other.engine);
    ASSERT_NE(connection->server->info().client, nullptr);
    EXPECT_EQ(connection->server->info().client->subject, "CN=alice");
}

INSTANTIATE_TEST_SUITE_P(, ClientCertificates,
                         testing::Combine(testing::Values(TLS1_2_VERSION, TLS1_3_VERSION), testing::Bool()),
                         [](const auto& one) {
                             return std::string(std::get<int>(one.param) == TLS1_3_VERSION ? "tls13" : "tls12") +
                                    (std::get<bool>(one.param) ? "_own_records" : "_library_records");
                         });

// ---- the policy itself

TEST(ClientPolicy, is_another_one_for_other_clients) {
    const Authority root("root");
    ClientPolicy policy{.mode = Mode::required, .authorities = {root.der()}, .revocations = {}};
    std::vector<std::string> digests{ClientPolicy().digest(), policy.digest()};
    policy.mode = Mode::optional;
    digests.push_back(policy.digest());
    policy.revocations.push_back(root.list());
    digests.push_back(policy.digest());
    std::ranges::sort(digests);
    EXPECT_EQ(std::ranges::adjacent_find(digests), digests.end());
    EXPECT_EQ(policy.digest(), ClientPolicy(policy).digest());
}

TEST(ClientPolicy, wants_authorities_and_lists_that_can_be_read) {
    ClientPolicy policy{.mode = Mode::required, .authorities = {}, .revocations = {}};
    EXPECT_EQ(ClientVerifier::make(policy).error().message, "there is no authority of clients");
    policy.authorities = {"x"};
    EXPECT_EQ(ClientVerifier::make(policy).error().message, "the TLS library cannot read an authority of clients");
    policy.authorities = {Authority("root").der()};
    policy.revocations = {"x"};
    EXPECT_EQ(ClientVerifier::make(policy).error().message,
              "the TLS library cannot read a list of revoked certificates");
}

}  // namespace
}  // namespace seki::tls
