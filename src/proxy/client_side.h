#pragma once

// The protocol of a connection to a client, one request at a time, from the first to the last: reads requests, opens an
// exchange for each, and writes the answers. A TCP listener's connection is the same with a codec that has one message:
// everything.
//
//     idle ──► exchange runs ──► idle … ──► ending
//
// While an exchange runs HTTP/1 reads nothing past its request; a pipelined one waits in Session::unread().

#include <memory>
#include <optional>

#include "proxy/client.h"

namespace seki::proxy {

class ClientSide final : public Client {
public:
    // What a connection at rest has had.
    struct SoFar {
        uint32_t requests = 0;
        Duration idle{};  // since the last of them
        SourceLimits source_limits;
    };

    ClientSide(net::Session& session, Context& context, ListenerPtr listener,
               std::unique_ptr<http::SingleStreamServerCodec> codec, http::Scheme scheme);
    ~ClientSide() override;

    // ---- for the exchange

    // The head gets a buffer of its own, when interim answers before it have gone.
    [[nodiscard]] size_t head_room() const override {
        return all_sent() ? context_.buffers.buffer_size() - Context::edit_room : 0;
    }
    [[nodiscard]] bool delivered() const noexcept override { return all_sent(); }
    void exchange_ended(http::StreamId stream, bool reusable) override;
    void give_up(net::CloseManner manner, net::CloseReason reason) override { session_.close(manner, reason); }
    void grant_credit(http::StreamId, size_t) override { resume(); }
    void due(Monotonic when) override { session_.deadline(when); }
    void become_tunnel(http::StreamId stream) override;
    void end_output() override;
    [[nodiscard]] Concern concern_with(const SessionsOf& sessions) override;

    // ---- Protocol

    net::Next on_ready(net::Session& session) override;
    net::Next on_deadline(net::Session& session) override;
    void on_close(net::Session& session, net::CloseReason reason) override;
    void describe(std::string& line) const override;
    [[nodiscard]] std::optional<Monotonic> idle_since(const net::Session& session) const override;
    // Between two requests, of which nothing has come or waits to go.
    [[nodiscard]] bool at_rest() const noexcept;
    // Whether what it has had so far is all there is to know of it then: another worker can go on with it.
    [[nodiscard]] bool stands_alone() const noexcept { return !own_.exists(); }
    [[nodiscard]] uint32_t requests() const noexcept { return requests_; }
    [[nodiscard]] const ListenerPtr& listener() const noexcept { return listener_; }
    // It begins where another one stopped.
    void go_on_after(SoFar so_far);
    // The one that runs; null: none does.
    [[nodiscard]] Exchange* exchange() const noexcept { return exchange_; }
    // What there is to know of the client in the middle of an exchange, beside that: another worker can go on with it.
    struct Carried {
        uint32_t requests = 0;
        uint64_t answer_at = 0;
        uint64_t dropped = 0;
        bool ending = false;
        bool input_dropped = false;
        bool asks_to_switch = false;
        bool nothing_follows = false;
        std::optional<Duration> half_closed;  // so long
    };
    [[nodiscard]] Carried carried() const;
    // It goes on here, and goes there.
    void go_on_in(Exchange& exchange, const Carried& carried, SourceLimits source_limits);
    void leave_exchange() noexcept { exchange_ = nullptr; }
    [[nodiscard]] bool paused() const noexcept override {
        return ignores_input() ? dropped_ > listener_->lingering.bytes : waits_for_room() || input_room() == 0;
    }
    [[nodiscard]] net::Lingering lingering() const noexcept override;

private:
    [[nodiscard]] size_t input_room() const override;
    [[nodiscard]] size_t window() const override;
    std::optional<net::Next> handle(const http::Event& event) override;
    void batch_done() override;
    net::Next handle_end_of_input(const http::Event& event) override;
    net::Next handle_broken() override;
    net::Next drop_pipelined_input() override;
    bool move_raw() override;

    std::optional<net::Next> begin_exchange(const http::Event& event);
    void postpone_to_next_turn();
    std::optional<net::Next> refuse(http::Fault fault);
    // Whether the listener has an answer of its own to say this with, and an exchange gives it.
    bool refuse_by_exchange(uint16_t status, const char* message);
    net::Next end_after_answer();
    net::Close refuse_for_lack();
    net::Next begin_tunnel();
    net::Next rest();
    // Of what may still come nothing will be used, and the answer is on its way.
    [[nodiscard]] bool ignores_input() const noexcept;
    bool drop_input();
    net::Next heed_hang_up();
    void answer_without_exchange(uint16_t status, bool head_only = false);
    [[nodiscard]] net::Close orderly_close() const;

    // Flags first: they fill what Client leaves over.
    bool head_began_ = false;    // bytes of a head came, its deadline runs
    bool late_ = false;          // with a head
    bool had_its_turn_ = false;  // and asks for more than is there: others who wait go first
    uint8_t begun_ = 0;          // exchanges, since the session was ready
    Exchange* exchange_ = nullptr;
    Monotonic first_byte_{};
    uint64_t dropped_ = 0;  // bytes that came behind an answer
};

}  // namespace seki::proxy
