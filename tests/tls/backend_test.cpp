// TLS towards backends: we are the client, an unmodified OpenSSL is the server.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <list>
#include <openssl/evp.h>
#include <tuple>

#include <openssl/x509.h>

#include "tls/client_context.h"
#include "tls/connection.h"
#include "tls/server.h"

namespace seki::tls {
namespace {

using Stop = net::IoOutcome::Stop;
using testing::HasSubstr;

const SocketAddress address = SocketAddress::v4(0x0A000001U, 443);  // 10.0.0.1

class BackendConnection {
public:
    BackendConnection(const std::shared_ptr<const ClientContext>& context, const ServerSide& side)
        : wire(std::make_shared<Wire>()),
          server(wire, side),
          ours(std::make_unique<TlsTransport>(std::make_unique<WireEnd>(wire), context, address)) {}

    // False when one of them failed.
    bool shake_hands() {
        for (int turns = 0; turns < 2000; ++turns) {
            outcome = ours->establish();
            if (outcome.stop == Stop::error) {
                server.advance();
                return false;
            }
            if (!server.connected() && !server.advance()) {
                outcome = ours->establish();
                return false;
            }
            if (outcome.stop == Stop::none && server.connected()) return true;
        }
        return false;
    }
    std::string read(size_t at_once = 20'000) {
        std::string all;
        std::string piece(at_once, '\0');
        for (outcome = {}; outcome.stop == Stop::none;) {
            outcome = ours->read(piece);
            all += piece.substr(0, outcome.bytes);
        }
        return all;
    }
    // Sends all of it, as often as that takes; what the backend has got at the end.
    std::string send(std::string_view text) {
        std::string got;
        while (!text.empty()) {
            outcome = ours->write(text);
            EXPECT_NE(outcome.stop, Stop::error);
            if (outcome.stop == Stop::error) break;
            text.remove_prefix(outcome.bytes);
            got += server.receive();
        }
        return got + server.receive();
    }
    void move_to(Engine& engine) {
        const auto exported = ours->to_export();
        ASSERT_TRUE(exported.has_value());
        ours.reset();
        auto adopted = TlsTransport::adopt(std::make_unique<WireEnd>(wire), engine, Role::client, exported->beside);
        ASSERT_TRUE(adopted.has_value()) << adopted.error().message;
        ours = std::move(*adopted);
    }

    std::shared_ptr<Wire> wire;
    Server server;
    std::unique_ptr<TlsTransport> ours;
    net::IoOutcome outcome;
};

class Backends : public testing::Test {
protected:
    std::shared_ptr<const ClientContext> context(ClientSettings settings = {}) {
        if (settings.authorities.empty()) settings.authorities = {std::string(certificate->leaf)};
        auto made = ClientContext::make(*fixture.engine, std::move(settings));
        EXPECT_TRUE(made.has_value());
        return *made;
    }
    // What is said of a handshake that fails.
    std::string refusal(const ClientSettings& settings) {
        BackendConnection connection(*ClientContext::make(*fixture.engine, settings), side());
        EXPECT_FALSE(connection.shake_hands());
        EXPECT_NE(connection.ours->connect_error(), 0);
        return std::string(connection.ours->connect_problem());
    }
    ClientSettings trusting() const {
        return {.authorities = {std::string(certificate->leaf)}, .server_name = "b.example"};
    }
    Fingerprint key_of(const Certificate& of) const {
        const auto* at = reinterpret_cast<const unsigned char*>(of.leaf.data());
        X509* const read = d2i_X509(nullptr, &at, static_cast<long>(of.leaf.size()));
        unsigned char* spki = nullptr;
        const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(read), &spki);
        Fingerprint digest{};
        EVP_Digest(spki, static_cast<size_t>(size), digest.data(), nullptr, EVP_sha256(), nullptr);
        OPENSSL_free(spki);
        X509_free(read);
        return digest;
    }
    std::string numbered(size_t size) const {
        std::string text;
        for (size_t i = 0; text.size() < size; ++i) text += std::to_string(i) + ' ';
        text.resize(size);
        return text;
    }

    // A backend as it is described now.
    const ServerSide& side() { return sides_.emplace_back(*certificate, server); }

    ServerFixture fixture;
    CertificatePtr certificate = make_certificate({.names = {"b.example"}, .addresses = {"10.0.0.1"}});
    ServerSide::Settings server;

private:
    std::list<ServerSide> sides_;
};

// ---- every combination of version, suite and who does the records

using Combination = std::tuple<const char*, bool>;
class EveryBackend : public Backends, public testing::WithParamInterface<Combination> {
protected:
    EveryBackend() {
        server.ciphers = std::get<const char*>(GetParam());
        server.version = server.ciphers.starts_with("TLS_") ? TLS1_3_VERSION : TLS1_2_VERSION;
        settings.own_records = std::get<bool>(GetParam());
        settings.server_name = "b.example";
    }
    ClientSettings settings;
};

TEST_P(EveryBackend, is_sent_bytes_and_answers_and_ends_in_order) {
    BackendConnection connection(context(settings), side());
    ASSERT_TRUE(connection.shake_hands()) << connection.ours->connect_problem() << connection.server.error();
    EXPECT_EQ(connection.server.asked_name(), "b.example");
    EXPECT_EQ(connection.send("hello"), "hello");
    connection.server.send("hello back");
    EXPECT_EQ(connection.read(), "hello back");
    const std::string long_text = numbered(200'000);
    EXPECT_EQ(connection.send(long_text), long_text);
    connection.server.send(long_text);
    EXPECT_EQ(connection.read(), long_text);
    connection.server.close_notify();
    EXPECT_EQ(connection.read(), "");
    EXPECT_EQ(connection.outcome.stop, Stop::end);
    EXPECT_EQ(connection.ours->finish().stop, Stop::none);
    connection.server.receive();
    EXPECT_TRUE(connection.server.saw_close_notify());
}

TEST_P(EveryBackend, resumes_its_session) {
    const auto same = context(settings);
    const ServerSide& same_side = side();
    for (int n = 0; n < 3; ++n) {
        BackendConnection connection(same, same_side);
        ASSERT_TRUE(connection.shake_hands()) << connection.ours->connect_problem();
        EXPECT_EQ(connection.ours->info().resumed, n > 0);
        EXPECT_EQ(connection.send("request"), "request");
        connection.server.send("answer");
        EXPECT_EQ(connection.read(), "answer");
    }
    BackendConnection other(context(settings), same_side);
    ASSERT_TRUE(other.shake_hands());
    EXPECT_FALSE(other.ours->info().resumed) << "under another policy";
}

TEST_P(EveryBackend, carries_bytes_in_whatever_pieces_the_socket_takes_them) {
    for (const size_t piece : {1U, 2U, 7U, 1000U}) {
        BackendConnection connection(context(settings), side());
        connection.wire->piece = piece;
        ASSERT_TRUE(connection.shake_hands()) << connection.ours->connect_problem();
        const std::string text = numbered(3'000);
        EXPECT_EQ(connection.send(text), text);
        connection.server.send(text);
        EXPECT_EQ(connection.read(), text);
    }
}

TEST_P(EveryBackend, goes_on_with_another_process) {
    ServerFixture other;
    BackendConnection connection(context(settings), side());
    ASSERT_TRUE(connection.shake_hands());
    if (!settings.own_records) return;
    connection.move_to(*other.engine);  // its tickets wait to be read
    EXPECT_EQ(connection.send("request"), "request");
    connection.server.send("answer");
    EXPECT_EQ(connection.read(), "answer");
    if (server.version != TLS1_3_VERSION) return;
    connection.server.update_key(true);
    connection.server.send("with a new key");
    EXPECT_EQ(connection.read(), "with a new key");
    connection.move_to(*fixture.engine);
    EXPECT_EQ(connection.send("likewise"), "likewise");
}

INSTANTIATE_TEST_SUITE_P(
    All, EveryBackend,
    testing::Combine(testing::Values("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
                                     "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
                                     "ECDHE-ECDSA-CHACHA20-POLY1305"),
                     testing::Bool()));

TEST_F(Backends, with_older_ciphers_are_spoken_to_by_openssl) {
    server = {.version = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-AES256-SHA384"};
    BackendConnection connection(context(trusting()), side());
    ASSERT_TRUE(connection.shake_hands()) << connection.ours->connect_problem();
    EXPECT_FALSE(connection.ours->to_export());
    EXPECT_EQ(connection.send("request"), "request");
    connection.server.send("answer");
    EXPECT_EQ(connection.read(), "answer");
}

// ---- who is trusted

TEST_F(Backends, are_known_by_their_address_when_no_name_is_said) {
    BackendConnection connection(context(), side());
    ASSERT_TRUE(connection.shake_hands()) << connection.ours->connect_problem();
    EXPECT_EQ(connection.server.asked_name(), "");
}

TEST_F(Backends, that_are_not_signed_by_whom_we_trust_are_refused) {
    const auto stranger = make_certificate({.names = {"b.example"}});
    EXPECT_THAT(refusal({.authorities = {std::string(stranger->leaf)}, .server_name = "b.example"}),
                HasSubstr("self-signed certificate"));
    EXPECT_THAT(refusal({.server_name = "b.example"}), HasSubstr("self-signed certificate"));
}

TEST_F(Backends, with_a_certificate_for_another_name_are_refused) {
    ClientSettings settings = trusting();
    settings.server_name = "c.example";
    EXPECT_THAT(refusal(settings), HasSubstr("ostname mismatch (it is not for c.example)"));
    settings.server_name = "10.0.0.2";
    EXPECT_THAT(refusal(settings), HasSubstr("(it is not for 10.0.0.2)"));
}

TEST_F(Backends, with_a_certificate_that_has_expired_are_refused) {
    certificate = make_certificate({.names = {"b.example"}, .valid_days = -2000});
    EXPECT_THAT(refusal(trusting()), HasSubstr("certificate has expired"));
}

TEST_F(Backends, are_not_looked_at_where_nobody_asks) {
    certificate = make_certificate({.names = {"c.example"}, .valid_days = -2000});
    const auto asks_nothing = *ClientContext::make(*fixture.engine, {.verify = false, .server_name = "b.example"});
    BackendConnection connection(asks_nothing, side());
    EXPECT_TRUE(connection.shake_hands()) << connection.ours->connect_problem();
}

TEST_F(Backends, with_a_pinned_key_are_taken_by_it_alone) {
    const auto other = make_certificate({.names = {"b.example"}});
    const auto pinned = *ClientContext::make(
        *fixture.engine, {.pinned_keys = {key_of(*other), key_of(*certificate)}, .server_name = "c.example"});
    BackendConnection connection(pinned, side());
    EXPECT_TRUE(connection.shake_hands()) << connection.ours->connect_problem();
    EXPECT_THAT(refusal({.pinned_keys = {key_of(*other)}, .server_name = "b.example"}), HasSubstr("is not pinned"));
    EXPECT_THAT(refusal({.verify = false, .pinned_keys = {key_of(*other)}}), HasSubstr("is not pinned"));
    EXPECT_THAT(refusal({.authorities = {std::string(other->leaf)}, .pinned_keys = {key_of(*certificate)}}),
                HasSubstr("self-signed certificate"));
}

TEST_F(Backends, are_shown_a_certificate_when_they_ask) {
    server.asks_for = make_certificate({.names = {"proxy.example"}});
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        server.version = version;
        ClientSettings settings = trusting();
        settings.certificate = server.asks_for;
        BackendConnection connection(context(settings), side());
        ASSERT_TRUE(connection.shake_hands()) << connection.server.error();
        EXPECT_EQ(connection.send("request"), "request");
    }
}

TEST_F(Backends, that_want_a_certificate_and_get_none_say_why_they_refuse) {
    server.asks_for = make_certificate({.names = {"proxy.example"}});
    server.version = TLS1_2_VERSION;
    EXPECT_THAT(refusal(trusting()), HasSubstr("alert handshake failure"));
    server.version = TLS1_3_VERSION;  // they say so only after we are done
    BackendConnection connection(context(trusting()), side());
    connection.shake_hands();
    ASSERT_TRUE(connection.ours->open());
    EXPECT_EQ(connection.ours->connect_problem(), "");
    EXPECT_EQ(connection.read(), "");
    EXPECT_EQ(connection.outcome.stop, Stop::error);
    EXPECT_EQ(connection.ours->connect_problem(), "TLS: tlsv13 alert certificate required");
}

TEST_F(Backends, agree_upon_a_protocol_that_is_offered) {
    ClientSettings settings = trusting();
    settings.protocols = {Alpn::http11};
    server.protocols = "\x08http/1.1";
    BackendConnection connection(context(settings), side());
    ASSERT_TRUE(connection.shake_hands());
    EXPECT_EQ(connection.ours->info().protocol, Alpn::http11);
    server.protocols = "\x02h3";
    EXPECT_THAT(refusal(settings), HasSubstr("alert no application protocol"));
}

// ---- what else a backend may say

TEST_F(Backends, that_speak_no_tls_are_told_from_those_that_do) {
    const auto said = [&](std::string_view bytes) {
        BackendConnection connection(context(trusting()), side());
        EXPECT_EQ(connection.ours->establish().stop, Stop::blocked);
        connection.wire->to_server = bytes;
        EXPECT_EQ(connection.ours->establish().stop, Stop::error);
        return std::string(connection.ours->connect_problem());
    };
    EXPECT_EQ(said("HTTP/1.1 400 Bad Request\r\n\r\n"), "TLS: it speaks plain HTTP");
    EXPECT_EQ(said("220 ready\r\n"), "TLS: it speaks no TLS");
    EXPECT_THAT(said(std::string_view("\x15\x03\x03\0\x02\x02\x28", 7)), HasSubstr("alert handshake failure"));
}

TEST_F(Backends, that_end_the_connection_in_the_middle_of_the_handshake_failed) {
    BackendConnection connection(context(trusting()), side());
    EXPECT_EQ(connection.ours->establish().stop, Stop::blocked);
    EXPECT_EQ(connection.ours->connect_problem(), "TLS: the handshake is not done");
    connection.wire->client_ended = true;
    EXPECT_EQ(connection.ours->establish().stop, Stop::error);
    EXPECT_EQ(connection.ours->connect_problem(), "TLS: it ended the connection");
}

TEST_F(Backends, that_end_without_saying_so_have_not_said_all) {
    for (const bool own_records : {true, false}) {
        ClientSettings settings = trusting();
        settings.own_records = own_records;
        BackendConnection connection(context(settings), side());
        ASSERT_TRUE(connection.shake_hands());
        connection.server.send("part");
        connection.wire->client_ended = true;
        EXPECT_EQ(connection.read(), "part");
        EXPECT_EQ(connection.outcome.stop, Stop::error);
    }
}

TEST_F(Backends, may_change_their_keys_and_send_tickets_at_any_time) {
    server.tickets = 0;
    BackendConnection connection(context(trusting()), side());
    ASSERT_TRUE(connection.shake_hands());
    connection.server.update_key(false);
    connection.server.send("one");
    EXPECT_EQ(connection.read(), "one");
    ASSERT_EQ(SSL_new_session_ticket(connection.server.ssl()), 1);
    connection.server.send("two");
    EXPECT_EQ(connection.read(), "two");
    connection.server.update_key(true);
    connection.server.send("three");
    EXPECT_EQ(connection.read(), "three");
    EXPECT_EQ(connection.send("four"), "four");
}

}  // namespace
}  // namespace seki::tls
