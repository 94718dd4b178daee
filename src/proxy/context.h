#pragma once

// What all sessions and exchanges of a worker share. One per worker, made by it, outliving them all.

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "auth/authenticator.h"
#include "backend/pool.h"
#include "base/random.h"
#include "base/slab.h"
#include "event/event_loop.h"
#include "http/codec.h"
#include "http/head_storage.h"
#include "net/buffer_pool.h"
#include "net/connector.h"
#include "net/pipe_pool.h"
#include "net/session.h"
#include "net/source_counts.h"
#include "net/source_rates.h"
#include "proxy/added_fields.h"
#include "proxy/clients_at_rest.h"
#include "proxy/recorder.h"

namespace seki::proxy {

class Exchange;

struct Settings {
    http::HeadLimits answer_limits;  // of heads from backends
    Duration backend_idle_timeout = std::chrono::seconds(60);
    // A body of at least so many bytes still to come goes through a pipe. Below, two calls of splice cost more than the
    // copy.
    uint64_t splice_threshold = 64 * 1024;
    // Of clusters that have no limit of their own; 0: none. May change at any time: who is there already is counted
    // then (source_limits.h).
    uint64_t max_connections_per_source = 0;
    uint64_t max_connections_per_subnet = 0;  // likewise of all sources in one network
    uint8_t subnet_prefix_v4 = 32;            // how large such a network is
    uint8_t subnet_prefix_v6 = 128;
    uint8_t max_connection_attempts = 5;  // at backends for one request, the first one included; likewise
    uint32_t retry_after_s = 60;          // of 429, likewise; 0: left out
    size_t max_credential_bytes = 4096;   // user and password together
};

class Context {
public:
    // Bytes that one session reads per turn, so that a fast one does not starve the others.
    static constexpr size_t read_budget = 256 * 1024;
    // How long a client that is not watched may wait for its answer before it is watched after all. Most answers are
    // faster, and a connection for one request then costs no registration.
    static constexpr Duration unwatched_limit = std::chrono::milliseconds(50);
    static constexpr uint64_t splice_budget = 4U << 20U;
    // One for each direction: what the backend has not taken of the request, what the client has not taken of the
    // answer.
    static constexpr uint32_t buffers_per_exchange = 2;
    // What a read that begins with a head leaves free, so that the body behind it finds room to be passed on: how much
    // the head may grow by our edits, and what framing may need.
    static constexpr size_t edit_room = 5 * 1024;

    Context(EventLoop& loop_, Random& random_, net::Sessions& sessions_, net::BufferPool& buffers_,
            net::PipePool& pipes_, net::Connector& connector_, backend::Pool& pool_, auth::Hasher& hasher,
            Recorder& recorder_, net::SourceTable& sources_, uint32_t source_column, const Settings& settings_);
    ~Context();

    // Null when there are as many as there may be. The buffers it may need are reserved.
    Exchange* open_exchange();
    [[nodiscard]] bool has_room_for_exchange() const noexcept;
    // It is recorded; it goes at the end of the turn. What it reserved goes at once when all was `delivered`, and
    // so no buffer is left that it may have filled.
    void retire(Exchange& exchange, bool delivered);
    // Some of those that there may be ended in this turn: in the next one there is room.
    [[nodiscard]] bool more_next_turn() const noexcept { return !retired_.empty(); }
    [[nodiscard]] uint32_t running_exchanges() const noexcept;
    // Somebody found none, and waits for the next turn; whether somebody did in the last one.
    void note_waiting() noexcept { waiting_ = true; }
    [[nodiscard]] bool others_wait() const noexcept { return waited_; }

    EventLoop& loop;
    Random& random;
    net::Sessions& sessions;
    net::BufferPool& buffers;
    net::PipePool& pipes;
    net::Connector& connector;
    backend::Pool& pool;
    Recorder& recorder;
    net::SourceTable& sources;  // shared by all workers
    net::SourceCounts source_counts;
    net::SourceRates source_rates;
    Settings settings;
    // The format with streams that a backend speaks, null where it speaks HTTP/1. So far only tests have one.
    std::function<std::unique_ptr<http::ClientCodec>(const backend::Backend&)> stream_format;
    auth::Authenticator authenticator;
    // How many exchanges are tunnels: of TCP listeners, and upgraded from HTTP.
    struct Tunnels {
        uint32_t tcp = 0;
        uint32_t upgraded = 0;
    };
    Tunnels tunnels;
    bool draining = false;                     // the worker stops: connections end after the answer they are at
    ClientsAtRest* clients_at_rest = nullptr;  // somebody wants to hear of them

    http::HeadStorage heads;
    http::ResponseHead own_head;  // of the answer that Seki gives itself
    std::string normal_path;      // of the request that is being routed, where it is not the one that was sent
    AddedFields added;            // to the head that is being written
    // Where bytes are read before anybody owns them; good until the next read.
    std::vector<char> scratch;

private:
    void delete_retired();

    std::unique_ptr<Slab<Exchange, 32>> exchanges_;
    std::vector<SlabId> retired_;
    uint32_t undelivered_ = 0;  // of these
    bool waiting_ = false;
    bool waited_ = false;
};

}  // namespace seki::proxy
