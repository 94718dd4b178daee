#pragma once

// A tunnel that goes on in another worker: what an exchange has of it beside its two connections, and what becomes of
// the exchange.
//
//     here:   runs ──► frozen ──► it goes on there: the exchange ends without a word, to the peers or in the log
//                        └──► runs again
//     there:  (opened) ──► frozen ──► runs
//                            └──► ends without a word
//
// A frozen tunnel is nobody's to read or to write. It may be anywhere in what it carries; what is being agreed upon
// still (a head, a connection attempt) is no tunnel yet.

#include <array>
#include <cstdint>
#include <optional>

#include "backend/backend.h"
#include "base/clock.h"
#include "net/pipe_pool.h"
#include "net/session.h"
#include "net/splice.h"
#include "proxy/listener.h"
#include "proxy/recorder.h"
#include "proxy/route.h"
#include "proxy/side.h"

namespace seki::proxy {

class BackendSide;
class ClientSide;
class Exchange;

class TunnelMove {
public:
    // Of one that is frozen, or could be.
    explicit TunnelMove(Exchange& exchange) noexcept : exchange_(exchange) {}

    // Whether it is a tunnel, and one that another worker can go on with.
    [[nodiscard]] bool may_move() const noexcept;
    void freeze();
    void thaw();
    // Another worker goes on with it, or never gave it. It is frozen.
    void leave();

    // ---- what there is to know of it

    [[nodiscard]] const Listener& listener() const noexcept;
    [[nodiscard]] const Route& route() const noexcept;
    [[nodiscard]] const backend::Backend& backend() const noexcept;
    [[nodiscard]] const Record& record() const noexcept;
    [[nodiscard]] net::Session& end(Direction source) const noexcept;  // where that comes from
    [[nodiscard]] Duration timeout() const noexcept;
    [[nodiscard]] Duration idle() const noexcept;
    // The source has ended, and the other end is to be told so.
    [[nodiscard]] bool ended(Direction direction) const noexcept;
    // The pipe in which bytes are; null: none are.
    [[nodiscard]] const net::SpliceTransfer* pipe(Direction direction) const noexcept;

    // ---- what it goes on with

    struct Told {
        struct Flow {
            bool ended = false;
            std::optional<net::Pipe> pipe;
            uint32_t piped = 0;  // bytes in it
        };
        ListenerPtr listener;
        Route route;
        backend::BackendPtr backend;
        Record record;  // without what the client's connection tells
        std::array<Flow, 2> flows;
        Duration idle{};
    };
    // Of an exchange that has just been opened. Both sides are new, and their sessions frozen.
    void go_on(ClientSide& client, BackendSide& backend, Told told);

private:
    Exchange& exchange_;
};

}  // namespace seki::proxy
