#pragma once

// The protocol of a connection to a backend. Between exchanges it is idle in the pool, watched so that it goes when the
// backend ends it.
//
//     connecting ──► busy ⇄ idle ──► (closed)
//
// Until the first byte of the answer the request is held as it was written: HeldRequest moves to another connection
// when this one fails.

#include <memory>
#include <optional>
#include <span>

#include "backend/backend.h"
#include "proxy/side.h"

namespace seki::proxy {

class Client;

// A request as bytes, and the codec that knows what answer it asks for.
struct HeldRequest {
    net::BufferPtr bytes;
    std::unique_ptr<http::ClientCodec> codec;
};

// How a backend's connection was lost to its exchange.
struct BackendLoss {
    enum class Kind : uint8_t { refused, connect_timeout, closed, fault, timeout, no_resources };
    Kind kind;
    http::Fault fault = http::Fault::none;
    int error = 0;         // of a refused connection, the errno value
    bool reused = false;   // the connection had served before: nothing is said about the backend
    bool written = false;  // some byte of the request was given to the kernel
    std::optional<HeldRequest> held;

    [[nodiscard]] bool never_connected() const noexcept {
        return kind == Kind::refused || kind == Kind::connect_timeout;
    }
    // What it said was no HTTP; else it only ended too early.
    [[nodiscard]] bool malformed() const noexcept { return kind == Kind::fault && fault != http::Fault::truncated; }
};

class BackendSide final : public Side {
public:
    BackendSide(net::Session& session, Context& context, std::shared_ptr<backend::Backend> backend,
                std::unique_ptr<http::ClientCodec> codec, Duration connect_timeout);
    ~BackendSide() override;

    [[nodiscard]] http::Codec& codec() const noexcept override { return *codec_; }

    // ---- for the exchange

    // Of an idle connection: nothing waits to be read. Asks the socket if nobody has since the last answer ended.
    [[nodiscard]] bool silent();
    void attach(Exchange& exchange, Duration answer_timeout);
    // The exchange lets go. `reusable`: the answer was complete; if the connection is fit it goes to the pool, or to
    // its owner, else it ends. `client`: whose exchange it was, null when that is gone.
    void detach(bool reusable, net::CloseManner manner, Client* client);
    // From now on, and until it ends, it belongs to the client whose exchange it has.
    void bind() noexcept { bound_ = true; }
    [[nodiscard]] bool idle() const noexcept { return state_ == State::idle; }
    // Writes the head; nothing when it does not fit into a buffer.
    std::optional<http::StreamId> send_head(const http::RequestHead& head, std::span<const http::AddedField> added);
    void adopt(HeldRequest held);
    // More of the body is to come: makes room for it, at the price of the held request if need be.
    void make_body_room(http::StreamId stream);
    void release_hold() noexcept { Side::release_hold(); }
    void become_raw();
    void end_output();
    [[nodiscard]] const std::shared_ptr<backend::Backend>& backend() const noexcept { return backend_; }

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
    [[nodiscard]] bool keep(Client* client);
    net::Next lose(BackendLoss::Kind kind, http::Fault fault = http::Fault::none);
    // The connection ended, and the answer had not.
    net::Next lose_at_end(http::Fault fault);
    std::optional<HeldRequest> take_held();
    void touch();
    [[nodiscard]] Duration idle_for() const;
    void learn_kept();
    void learn_ended();
    net::Next end_of_idle();

    std::shared_ptr<backend::Backend> backend_;
    std::unique_ptr<http::ClientCodec> codec_;
    Exchange* exchange_ = nullptr;
    Duration answer_timeout_{};
    uint64_t written_before_ = 0;  // bytes this connection had sent when the exchange got it
    State state_;
    bool fresh_ = true;    // has not served an exchange yet
    bool proven_ = false;  // has served several
    bool answering_ = false;
    bool bound_ = false;
};

}  // namespace seki::proxy
