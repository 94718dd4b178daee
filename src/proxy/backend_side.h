#pragma once

// The protocol of a connection to a backend, one exchange at a time: HTTP/1 and tunnels. Between exchanges it is idle
// in the pool, watched so that it goes when the backend ends it.
//
//     connecting ──► busy ⇄ idle ──► (closed)
//
// Until the first byte of the answer the request is held as it was written, and moves to another connection when this
// one fails.

#include <memory>
#include <optional>
#include <span>

#include "proxy/backend_end.h"

namespace seki::proxy {

class BackendSide final : public BackendEnd {
public:
    BackendSide(net::Session& session, Context& context, backend::BackendPtr backend,
                std::unique_ptr<http::ClientCodec> codec, Duration connect_timeout);
    ~BackendSide() override;

    // ---- for the exchange

    [[nodiscard]] bool silent() override;
    [[nodiscard]] bool idle() const noexcept override { return state_ == State::idle; }
    void attach(Exchange& exchange, Duration answer_timeout) override;
    void detach(Exchange& exchange, bool reusable, net::CloseManner manner, Client* client) override;
    std::optional<http::StreamId> send_head(Exchange& exchange, const http::RequestHead& head,
                                            std::span<const http::AddedField> added) override;
    std::optional<http::StreamId> adopt(Exchange& exchange, HeldRequest& held) override;
    void make_body_room(http::StreamId stream) override;
    void release_hold(http::StreamId) override { Side::release_hold(); }
    void become_tunnel(http::StreamId stream) override;
    void end_output(http::StreamId) override { session_.shutdown_write(); }
    [[nodiscard]] bool delivered(http::StreamId) const noexcept override { return all_sent(); }
    bool grant_credit(http::StreamId, size_t room) override { return resume(room); }

    // What there is to know of the connection in the middle of an exchange, beside that: another worker can go on with
    // it.
    struct Carried {
        uint64_t written_before = 0;
        bool answering = false;
        bool fresh = false;
        bool proven = false;
        bool bound = false;
        bool holds = false;
    };
    [[nodiscard]] Carried carried() const noexcept {
        return {written_before_, answering_, fresh_, proven_, bound_, Side::holds()};
    }
    // It goes on here, and goes there.
    void go_on_in(Exchange& exchange, const Carried& carried, Duration answer_timeout);
    void leave_exchange() noexcept;

    // ---- Protocol

    net::Next on_ready(net::Session& session) override;
    net::Next on_deadline(net::Session& session) override;
    void on_close(net::Session& session, net::CloseReason reason) override;
    void describe(std::string& line) const override;
    [[nodiscard]] bool paused() const noexcept override { return waits_for_room() || input_room() == 0; }

private:
    enum class State : uint8_t { connecting, busy, idle };

    [[nodiscard]] size_t input_room() const override;
    [[nodiscard]] size_t window() const override;
    std::optional<net::Next> handle(const http::Event& event) override;
    std::optional<net::Next> handle_no_message(const http::Event& event);
    void batch_done() override;
    net::Next handle_end_of_input(const http::Event& event) override;
    net::Next handle_broken() override;
    bool move_raw() override;

    [[nodiscard]] bool deaf() const noexcept;
    void enter(State next);
    net::Next lose(BackendLoss::Kind kind, http::Fault fault = http::Fault::none);
    // The connection ended, and the answer had not.
    net::Next lose_at_end(http::Fault fault);
    std::optional<HeldRequest> take_held();
    void touch();
    [[nodiscard]] Duration idle_for() const;
    void learn_kept();
    void learn_ended();
    net::Next end_of_idle();

    Exchange* exchange_ = nullptr;
    Duration answer_timeout_{};
    uint64_t written_before_ = 0;  // bytes this connection had sent when the exchange got it
    State state_;
    bool fresh_ = true;    // has not served an exchange yet
    bool proven_ = false;  // has served several
    bool answering_ = false;
};

}  // namespace seki::proxy
