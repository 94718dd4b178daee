// Exchanges whose client speaks another wire format than HTTP/1.

#include <gtest/gtest.h>

#include "proxy/client_side.h"
#include "stage/message.h"
#include "stage/stage.h"
#include "stage/text_codec.h"

namespace seki::stage {
namespace {

// A listener of its own, whose host "a" is at backend 1.
proxy::ListenerPtr text_listener(Stage& stage) {
    stage.network.listen(backend_address(1));
    auto backend = std::make_shared<backend::Backend>();
    backend->address = backend_address(1);
    auto cluster = std::make_shared<proxy::Cluster>("text");
    cluster->backends.put(backend);
    auto frontend = std::make_shared<proxy::Frontend>();
    frontend->cluster = cluster;
    auto routes = std::make_shared<proxy::Routes>();
    routing::Rule rule;
    rule.host = "a";
    rule.path = "/";
    routes->http.add(routing::compile(std::move(rule)).value(), frontend);
    auto listener = std::make_shared<proxy::Listener>();
    listener->routes = routes;
    return listener;
}

WirePtr text_client(Stage& stage, std::string_view first_bytes) {
    const WirePtr wire = stage.network.wire();
    auto end = stage.network.transport(wire);
    wire->send(first_bytes);
    net::Session* session = stage.worker->sessions().open(net::Session::Side::client, std::move(end),
                                                          SocketAddress::v4(0xC0000201U, 50000), true);
    session->start(std::make_unique<proxy::ClientSide>(*session, stage.worker->context(), text_listener(stage),
                                                       std::make_unique<TextCodec>()));
    return wire;
}

TEST(Streams, of_another_wire_format_become_requests_and_answers) {
    Stage stage;
    const WirePtr client = text_client(stage, "H 7 POST /x open\nB 7 hello \n");
    const WirePtr backend = stage.backend(1);
    EXPECT_EQ(read_request(backend->received()).body, "hello ");
    client->send("B 7 world\nE 7\n");
    stage.settle();
    const Message request = take_request(backend);
    EXPECT_EQ(request.first_line, "POST /x HTTP/1.1");
    EXPECT_EQ(request.field("Host"), "a");
    EXPECT_EQ(request.body, "hello world");
    backend->send(answer("welcome"));
    stage.settle();
    EXPECT_EQ(client->take(), "h 7 200\nb 7 7\nwelcome\ne 7\n");
    client->send("H 9 GET /y\n");
    stage.settle();
    EXPECT_EQ(take_request(backend).first_line, "GET /y HTTP/1.1");
    backend->send("HTTP/1.1 204 No Content\r\n\r\n");
    stage.settle();
    EXPECT_EQ(client->take(), "h 9 204\ne 9\n");
    EXPECT_FALSE(client->peer_closed());
}

TEST(Streams, that_are_given_up_take_nobody_with_them) {
    Stage stage;
    const WirePtr client = text_client(stage, "H 7 POST /x open\nB 7 hel");
    const WirePtr backend = stage.backend(1);
    client->send("lo\nR 7\nH 9 GET /y\n");
    stage.settle();
    EXPECT_TRUE(backend->peer_closed());
    EXPECT_FALSE(read_request(backend->received()).whole);
    const WirePtr fresh = stage.backend(1);
    EXPECT_EQ(take_request(fresh).first_line, "GET /y HTTP/1.1");
    EXPECT_EQ(stage.worker->context().running_exchanges(), 1U);
    fresh->send(answer("still here"));
    stage.settle();
    EXPECT_EQ(client->take(), "h 9 200\nb 9 10\nstill here\ne 9\n");
    EXPECT_FALSE(client->peer_closed());
}

TEST(Streams, are_refused_like_any_request) {
    Stage stage;
    const WirePtr client = text_client(stage, "H 7 CONNECT /x\n");
    stage.settle();
    EXPECT_TRUE(client->take().starts_with("h 7 405\nb 7 "));
    EXPECT_FALSE(client->peer_closed());
}

}  // namespace
}  // namespace seki::stage
