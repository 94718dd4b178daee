// What stands before the first request of a connection, and becomes what follows.

#include <gtest/gtest.h>

#include "http/h1/server_codec.h"
#include "proxy/client_side.h"
#include "proxy/first_protocol.h"
#include "stage/message.h"
#include "stage/stage.h"

namespace seki::stage {
namespace {

using Successor = std::function<std::unique_ptr<net::Protocol>(net::Session&)>;

// A line of text before all else, as of a proxy in front: whom the connection is from. What came behind it is left to
// the successor as it was read.
class Preamble final : public net::Protocol {
public:
    Preamble(proxy::Context& context, Successor successor) : context_(context), successor_(std::move(successor)) {}

    net::Next on_ready(net::Session& session) override {
        if (session.unread() == nullptr) session.unread() = context_.buffers.try_acquire();
        net::Buffer& unread = *session.unread();
        while (session.readable()) unread.commit(session.read(unread.room()).bytes);
        const size_t end = unread.data().find('\n');
        if (end == std::string_view::npos) return net::Stay{};
        session.set_peer(SocketAddress::parse(unread.data().substr(0, end)).value());
        unread.consume(end + 1);
        if (unread.empty()) session.unread().reset();
        return net::Become{successor_(session)};
    }
    net::Next on_deadline(net::Session&) override { return net::Stay{}; }
    void on_close(net::Session&, net::CloseReason) override {}
    void describe(std::string& line) const override { line += "preamble"; }
    [[nodiscard]] bool paused() const noexcept override { return false; }

private:
    proxy::Context& context_;
    Successor successor_;
};

WirePtr client_with_preamble(Stage& stage, std::string_view first_bytes, Successor successor = nullptr) {
    if (!successor) {
        successor = [&stage](net::Session& session) {
            return proxy::first_protocol(session, stage.worker->context(), stage.worker->listener(stage.http));
        };
    }
    return stage.client_that_runs(
        [&](net::Session&) { return std::make_unique<Preamble>(stage.worker->context(), std::move(successor)); },
        first_bytes);
}

TEST(Preambles, hand_what_they_have_read_to_the_protocol_that_they_become) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = client_with_preamble(stage, "198.51.100.7:99\n" + get("/one"));
    const WirePtr backend = stage.backend(1);
    const Message request = take_request(backend);
    EXPECT_EQ(request.first_line, "GET /one HTTP/1.1");
    EXPECT_EQ(request.field("X-Forwarded-For"), "198.51.100.7");
    backend->send(answer("hello"));
    stage.settle();
    EXPECT_EQ(take_answer(client).body, "hello");
    client->send(get("/two"));
    stage.settle();
    EXPECT_EQ(take_request(backend).first_line, "GET /two HTTP/1.1");
}

TEST(Preambles, may_come_in_any_pieces_with_any_part_of_the_request) {
    const std::string all = "198.51.100.7:99\n" + get("/one");
    for (size_t cut = 1; cut < all.size(); ++cut) {
        Stage stage;
        stage.route_to_backends(1);
        const WirePtr client = client_with_preamble(stage, all.substr(0, cut));
        stage.settle();
        client->send(all.substr(cut));
        EXPECT_EQ(take_request(stage.backend(1)).first_line, "GET /one HTTP/1.1") << cut;
    }
}

TEST(Preambles, that_make_a_connection_secure_make_its_requests_https) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = client_with_preamble(
        stage, "198.51.100.7:99\n" + get("/one"), [&stage](net::Session& session) -> std::unique_ptr<net::Protocol> {
            proxy::Context& context = stage.worker->context();
            proxy::ListenerPtr listener = stage.worker->listener(stage.http);
            auto codec = std::make_unique<http::h1::ServerCodec>(context.heads, listener->head_limits);
            return std::make_unique<proxy::ClientSide>(session, context, listener, std::move(codec),
                                                       http::Scheme::https);
        });
    const Message request = take_request(stage.backend(1));
    EXPECT_EQ(request.field("X-Forwarded-Proto"), "https");
    EXPECT_TRUE(request.field("Forwarded").starts_with("proto=https;for=\"198.51.100.7:99\""))
        << request.field("Forwarded");
}

}  // namespace
}  // namespace seki::stage
