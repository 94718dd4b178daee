#pragma once

// The protocol of a connection to a backend whose wire format has numbered streams: an exchange for each, many at the
// same time, of any clients, which share one outbox. The mirror of StreamClient:
//
//     requests   go into the outbox while it has room and the backend takes more of that stream (Codec::send_window); a
//                head for which there is none waits with its exchange
//     answers    each stream is allowed as much as its exchange has room for (Codec::allow), which grows as the client
//                takes it
//     losses     are of a stream (a reset, a time that is over) or of all, with the connection
//
// While streams are left the pool offers the connection to others; without exchanges it is idle there.

#include <optional>
#include <vector>

#include "proxy/backend_end.h"
#include "proxy/stream_outbox.h"

namespace seki::proxy {

class StreamBackend final : public BackendEnd {
public:
    StreamBackend(net::Session& session, Context& context, backend::BackendPtr backend,
                  std::unique_ptr<http::ClientCodec> codec, Duration connect_timeout);
    ~StreamBackend() override;

    // ---- for the exchanges

    // What waits belongs to a stream or to the connection, and passes for nothing else.
    [[nodiscard]] bool silent() override { return !session_.end_reported(); }
    [[nodiscard]] bool idle() const noexcept override { return connected_ && streams_.empty(); }
    void attach(Exchange& exchange, Duration answer_timeout) override;
    void detach(Exchange& exchange, bool reusable, net::CloseManner manner, Client* client) override;
    std::optional<http::StreamId> send_head(Exchange& exchange, const http::RequestHead& head,
                                            std::span<const http::AddedField> added) override;
    std::optional<http::StreamId> adopt(Exchange& exchange, HeldRequest& held) override;
    void make_body_room(http::StreamId) override {}  // what is held of a request takes no room
    void release_hold(http::StreamId) override {}
    void become_tunnel(http::StreamId stream) override { codec_->open_tunnel(stream); }
    void end_output(http::StreamId) override {}  // the end of the stream has been written
    [[nodiscard]] bool delivered(http::StreamId) const noexcept override { return !outbox_.late(); }
    [[nodiscard]] bool withholds_credit(http::StreamId stream) const override {
        return codec_->send_window(stream) == 0;
    }
    bool grant_credit(http::StreamId stream, size_t room) override;

    // ---- Protocol

    net::Next on_ready(net::Session& session) override;
    net::Next on_deadline(net::Session& session) override;
    void on_close(net::Session& session, net::CloseReason reason) override;
    void describe(std::string& line) const override;
    [[nodiscard]] bool paused() const noexcept override { return waits_for_room() || input_room() == 0; }

private:
    struct Stream {
        http::StreamId id = 0;  // 0: its head waits
        Exchange* exchange = nullptr;
        Duration answer_timeout{};
        uint64_t begins_at = 0;  // of all bytes to the backend, where its head does
        size_t allowed = 0;      // of its answer, as the codec was told last
        bool answering = false;
        std::optional<KeptRequest> held;  // until its body or its answer begins
    };

    [[nodiscard]] size_t input_room() const override { return connected_ ? context_.scratch.size() : 0; }
    [[nodiscard]] size_t window() const override { return SIZE_MAX; }
    std::optional<net::Next> handle(const http::Event& event) override;
    void batch_done() override;
    net::Next handle_end_of_input(const http::Event& event) override;
    net::Next handle_broken() override;
    void end_is_late(std::string_view end) override { outbox_.keep_end(end); }

    [[nodiscard]] Stream* find(http::StreamId id) noexcept;
    [[nodiscard]] Stream* find(const Exchange& exchange) noexcept;
    Stream take(Stream& stream);
    void answer(Stream& stream, const http::Event& event);
    void update_credit();
    void set_credit(Stream& stream, size_t room);
    void resume_if_credit_grew();
    void write_own_frames();
    void rest_idle(Client* client);
    void offer();
    void due(Monotonic when);
    [[nodiscard]] bool fit() const;
    [[nodiscard]] uint64_t end_of_outbox() const noexcept;
    void lose(Stream& stream, BackendLoss::Kind kind, http::Fault fault = http::Fault::none);
    // The connection goes, and with it all that it carries.
    net::Close lose_all(BackendLoss::Kind kind, http::Fault fault = http::Fault::none);
    net::Next rest();
    // Each stream once, also when it ends on the way.
    template <typename Visit>
    void for_each(Visit visit);

    std::vector<Stream> streams_;
    StreamOutbox outbox_;
    std::optional<Monotonic> due_;
    bool credit_grown_ = false;  // some stream has more credit than before
    bool connected_ = false;
    bool fresh_ = true;     // has not served an exchange yet
    bool offered_ = false;  // by the pool, while it serves others
    bool pooled_ = false;   // idle there, or with its client
};

}  // namespace seki::proxy
