#pragma once

// The protocol of a connection to a client whose wire format has numbered streams: an exchange for each, many at the
// same time, which share one outbox. What one of them waits for holds up no other:
//
//     request bodies   each stream is allowed as much as its exchange has room for (ServerCodec::allow), which grows as
//                      the backend takes it
//     answers          go into the outbox in pieces, as their backends send them, while it has room and the client
//                      takes more of that stream (Codec::send_window)
//     ends             for which there is no room wait aside, and go first when there is
//     own frames       of the codec (Codec::own_frames) follow these, and need no exchange
//
// New requests wait while the outbox is too full for an answer: a client that asks has to read.

#include <optional>
#include <vector>

#include "proxy/client.h"
#include "proxy/stream_outbox.h"

namespace seki::proxy {

class StreamClient final : public Client {
public:
    StreamClient(net::Session& session, Context& context, ListenerPtr listener,
                 std::unique_ptr<http::ServerCodec> codec, http::Scheme scheme);
    ~StreamClient() override;

    // ---- for the exchanges

    [[nodiscard]] size_t head_room() const override;
    [[nodiscard]] bool delivered() const noexcept override;
    void exchange_ended(http::StreamId stream, bool reusable) override;
    void give_up(net::CloseManner, net::CloseReason) override {}  // exchange_ended() has said all
    void grant_credit(http::StreamId stream, size_t room) override;
    void due(Monotonic when) override;
    void become_tunnel(http::StreamId stream) override { codec_->open_tunnel(stream); }
    void end_output() override {}  // the end of the stream has been written
    [[nodiscard]] bool withholds_credit(http::StreamId stream) const override;
    [[nodiscard]] Concern concern_with(const SessionsOf& sessions) override;

    // ---- Protocol

    net::Next on_ready(net::Session& session) override;
    net::Next on_deadline(net::Session& session) override;
    void on_close(net::Session& session, net::CloseReason reason) override;
    void describe(std::string& line) const override;
    [[nodiscard]] std::optional<Monotonic> idle_since(const net::Session& session) const override;
    [[nodiscard]] bool paused() const noexcept override { return waits_for_room() || input_room() == 0; }

private:
    struct Stream {
        http::StreamId id;
        Exchange* exchange;
        size_t allowed;  // of its request, as the codec was told last
    };

    [[nodiscard]] size_t input_room() const override;
    [[nodiscard]] size_t window() const override { return input_room() == 0 ? 0 : SIZE_MAX; }
    std::optional<net::Next> handle(const http::Event& event) override;
    void batch_done() override;
    net::Next handle_end_of_input(const http::Event& event) override;
    net::Next handle_broken() override;
    void end_is_late(std::string_view end) override;

    void begin_exchange(const http::Event& event);
    void refuse(http::StreamId stream);
    void update_credit(http::StreamId stream, Exchange& exchange);
    void set_credit(http::StreamId stream, size_t room);
    void resume_if_credit_grew();
    void window_grew(http::StreamId stream);
    void resume_suspended();
    [[nodiscard]] bool waits_for_exchange() const noexcept;
    void write_own_frames();
    bool note_progress();
    Exchange* find(http::StreamId stream) const noexcept;
    void remove(http::StreamId stream);
    // Each exchange once, also when it ends on the way.
    template <typename Visit>
    void for_each(Visit visit);
    net::Next rest();

    std::vector<Stream> streams_;
    StreamOutbox outbox_;
    bool credit_grown_ = false;  // some stream has more credit than before
    std::optional<Monotonic> due_;
    uint64_t written_seen_ = 0;  // by the session, when we looked last
    Monotonic took_at_{};        // since when the client has taken nothing of what waits for it
};

}  // namespace seki::proxy
