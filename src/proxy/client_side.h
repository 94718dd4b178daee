#pragma once

// The protocol of a connection to a client, from the first request to the last: reads requests, opens an exchange for
// each, and writes the answers. A TCP listener's connection is the same with a codec that has one message: everything.
//
//     idle ──► exchange runs ──► idle … ──► ending
//
// While an exchange runs HTTP/1 reads nothing past its request; a pipelined one waits in Session::unread().

#include <memory>
#include <optional>
#include <span>

#include "net/source_counts.h"
#include "proxy/listener.h"
#include "proxy/side.h"

namespace seki::proxy {

class ClientSide final : public Side {
public:
    ClientSide(net::Session& session, Context& context, ListenerPtr listener);
    // With another wire format than the listener's own.
    ClientSide(net::Session& session, Context& context, ListenerPtr listener, std::unique_ptr<http::ServerCodec> codec);
    ~ClientSide() override;

    [[nodiscard]] http::Codec& codec() noexcept override { return *codec_; }

    // --- for the exchange
    // ----------------------------------------------------------------------------------------------

    bool send_interim(http::StreamId stream, const http::ResponseHead& head);
    // False when the head does not fit into a buffer.
    bool send_head(http::StreamId stream, const http::ResponseHead& head, std::span<const http::AddedField> added,
                   bool close);
    // All of the answer is in the outbox.
    void answer_complete() noexcept {
        if (!codec_->persistent()) nothing_follows();
    }
    // Everything of the answer was sent and the exchange ends. `reusable`: it ended well.
    void exchange_ended(http::StreamId stream, bool reusable);
    // From here on bytes are just bytes.
    void become_raw();
    // No more bytes will follow what was written (tunnel).
    void end_output();
    // What the connection counts as for the cluster that it was let into last, if that has a limit.
    [[nodiscard]] net::SourceCounts::Token& counted() noexcept { return counted_; }

    // --- Protocol
    // ------------------------------------------------------------------------------------------------------

    net::Next on_ready(net::Session& session) override;
    net::Next on_deadline(net::Session& session) override;
    void on_close(net::Session& session, net::CloseReason reason) override;
    void describe(std::string& line) const override;
    [[nodiscard]] bool paused() const noexcept override { return waits_for_room() || input_room() == 0; }

private:
    [[nodiscard]] size_t input_room() const override;
    [[nodiscard]] size_t window() const override;
    std::optional<net::Next> handle(const http::Event& event) override;
    void batch_done() override;
    net::Next handle_end_of_input(const http::Event& event) override;
    net::Next handle_broken() override;
    bool move_raw() override;

    std::optional<net::Next> begin_exchange(const http::Event& event);
    std::optional<net::Next> refuse(http::Fault fault);
    net::Next begin_tunnel();
    net::Next rest();
    void answer_without_exchange(uint16_t status, bool head_only = false);
    [[nodiscard]] net::Close farewell() const;

    ListenerPtr listener_;
    std::unique_ptr<http::ServerCodec> codec_;
    Exchange* exchange_ = nullptr;
    net::SourceCounts::Token counted_;
    Monotonic first_byte_{};
    uint32_t requests_ = 0;
    bool head_began_ = false;  // bytes of a head came, its deadline runs
    bool ending_ = false;      // no more requests
    bool output_ended_ = false;
};

}  // namespace seki::proxy
