#pragma once

// A connection through TLS, over any other transport, from a client or to a backend. To the protocols above it is one
// that needs a handshake first (handshake.h) and then moves their bytes; how the handshake is driven, whose records it
// then has (ours, or where those cannot be, OpenSSL's), and what the peer says beside its bytes, stays in here.
//
//     shaking ──► open ──► (closed)
//        └──────► refused: the peer is told why, what it still sends is dropped
//
// Reads come in whole records. What was read of one that is not complete, and what of one found no room, is kept; there
// is nothing of either in an idle connection. A write that was taken in part has begun a record, and the same bytes
// have to come again at its front (begun()).

#include <memory>
#include <optional>
#include <string>

#include "net/transport.h"
#include "tls/own_records.h"
#include "tls/shaking.h"

namespace seki::tls {

class TlsTransport final : public net::Transport {
public:
    // `client`: for reports of the handshake.
    TlsTransport(std::unique_ptr<net::Transport> inner, std::shared_ptr<const ServerContext> context,
                 const SocketAddress& client);
    // We are the client. The handshake begins with the first establish().
    TlsTransport(std::unique_ptr<net::Transport> inner, std::shared_ptr<const ClientContext> context,
                 const SocketAddress& backend);
    // Goes on with a connection that another process left (to_export), and in which it had that role; `inner` has its
    // descriptor.
    static Result<std::unique_ptr<TlsTransport>> adopt(std::unique_ptr<net::Transport> inner, Engine& engine, Role role,
                                                       std::string_view beside);
    ~TlsTransport() override;

    [[nodiscard]] bool open() const noexcept { return state_ == State::open; }
    [[nodiscard]] bool refused() const noexcept { return state_ == State::refused; }
    // Of an open connection.
    [[nodiscard]] const ConnectionInfo& info() const noexcept { return info_; }
    // Its handshake was not done in time.
    void give_up();

    // Until it is open, reads nothing and goes on with the handshake: success means that it is over, one way or
    // another.
    net::IoOutcome read(std::span<char> into) override;
    net::IoOutcome write(std::string_view bytes) override { return write(bytes, false); }
    net::IoOutcome write_last(std::string_view bytes) override { return write(bytes, true); }
    net::IoOutcome shutdown_write() override;
    net::IoOutcome finish() override;
    // The peer must not be told that this was all.
    void reset_on_close() override {
        said_all_ = true;
        inner_->reset_on_close();
    }
    void notice_dead_peer() override { inner_->notice_dead_peer(); }
    // Does the handshake.
    net::IoOutcome establish() override;
    int connect_error() override;
    [[nodiscard]] std::string_view connect_problem() const override;
    Result<WatchId> watch(EventLoop& loop, EventHandler& handler, EventLoop::Order order) override {
        return inner_->watch(loop, handler, order);
    }
    void unwatch(EventLoop& loop, WatchId id) override { inner_->unwatch(loop, id); }
    [[nodiscard]] std::optional<Export> to_export() const override;
    [[nodiscard]] bool drained() const noexcept override { return drained_; }
    [[nodiscard]] size_t begun() const noexcept override;
    [[nodiscard]] net::RoundTrip round_trip() const override { return inner_->round_trip(); }
    [[nodiscard]] std::optional<SocketAddress> local_address() const override { return inner_->local_address(); }

private:
    enum class State : uint8_t { shaking, open, refused };

    TlsTransport(std::unique_ptr<net::Transport> inner, Engine& engine, Role role)
        : inner_(std::move(inner)), engine_(engine), role_(role) {}
    // What a connection has only in the middle of something.
    struct Rest {
        std::string raw;      // of records that are not complete, or were not looked at yet
        std::string content;  // for which there was no room
        std::string control;  // records of ours that the socket did not take
    };

    void enter(State next) noexcept;
    [[nodiscard]] Rest& rest();
    void drop_empty_rest() noexcept;

    net::IoOutcome shake();
    void shaken();
    void refuse();

    net::IoOutcome read_contents(std::span<char> into);
    net::IoOutcome drop_input(std::span<char> into);
    size_t take_kept(std::span<char> into);
    // What stands at the front of the raw bytes, decrypted as far as there is room.
    struct Taken {
        size_t used = 0;
        size_t content = 0;
    };
    Taken take_records(std::span<char> raw, std::span<char> into);
    // Nothing more comes of it, one way or another.
    [[nodiscard]] bool input_is_over() const noexcept { return input_ended_ || broken_; }
    size_t take_record(std::span<char> record, std::span<char> into);
    void show_ticket(std::string_view record);
    void settle_with_backend(const OwnRecords::Read& read);
    size_t take_from_openssl(std::string_view record, std::span<char> into);
    size_t put(std::string_view content, std::span<char> into);
    void broke(std::optional<Alert> alert);

    net::IoOutcome write(std::string_view bytes, bool last);
    net::IoOutcome write_records(std::string_view bytes, bool last);
    size_t put_control_ahead();
    net::IoOutcome write_by_openssl(std::string_view bytes);
    // What is to be said before contents; nothing: all of it is said.
    std::optional<net::IoOutcome> send_control();
    void answer_key_update();
    void say(std::string record);
    net::IoOutcome say_close_notify();

    std::unique_ptr<net::Transport> inner_;
    Engine& engine_;
    std::unique_ptr<Shaking> shaking_;  // until it is open, or until a backend has said so
    // Of an open connection whose records stay with it; or who only learns how to resume the session with a backend.
    std::unique_ptr<OpensslConnection> openssl_;
    std::optional<OwnRecords> records_;
    std::unique_ptr<Rest> rest_;
    ConnectionInfo info_;
    uint32_t openssl_begun_ = 0;  // content of the record that has not left whole
    Role role_;
    State state_ = State::shaking;
    bool drained_ = false;
    bool input_ended_ = false;
    bool broken_ = false;
    bool said_all_ = false;  // or nothing more shall be said
};

}  // namespace seki::tls
