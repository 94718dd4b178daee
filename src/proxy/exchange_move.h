#pragma once

// An exchange that goes on in another worker: a tunnel, or a request of HTTP/1 in the middle of its body or its answer.
// What it has beside its two connections, and what becomes of it.
//
//     here:   runs ──► frozen ──► it goes on there: the exchange ends without a word, to the peers or in the log
//                        └──► runs again
//     there:  (opened) ──► frozen ──► runs
//                            └──► ends without a word
//
// A frozen exchange is nobody's to read or to write. It may be anywhere in what it carries. What is decided within a
// moment stays where it is: a head that is being read, a connection attempt, a password, an answer of Seki's own.

#include <array>
#include <cstdint>
#include <optional>

#include "backend/backend.h"
#include "base/clock.h"
#include "http/h1/progress.h"
#include "net/pipe_pool.h"
#include "net/session.h"
#include "net/splice.h"
#include "proxy/attempts.h"
#include "proxy/listener.h"
#include "proxy/recorder.h"
#include "proxy/route.h"
#include "proxy/side.h"

namespace seki::proxy {

class BackendSide;
class ClientSide;
class Exchange;

class ExchangeMove {
public:
    // A request that has run for less is likely to end soon, by itself.
    static constexpr Duration worthwhile = std::chrono::milliseconds(200);

    // Of one that is frozen, or could be.
    explicit ExchangeMove(Exchange& exchange) noexcept : exchange_(exchange) {}

    // Whether another worker can go on with it, and need be asked to.
    [[nodiscard]] bool may_move() const noexcept;
    void freeze();
    void thaw();
    // Another worker goes on with it, or never gave it. It is frozen.
    void leave();

    // ---- what there is to know of it

    [[nodiscard]] const Listener& listener() const noexcept;
    [[nodiscard]] const Route& route() const noexcept;
    [[nodiscard]] const Timeouts& timeouts() const noexcept;
    [[nodiscard]] const backend::Backend& backend() const noexcept;
    [[nodiscard]] const Record& record() const noexcept;
    [[nodiscard]] const ClientSide& client_side() const noexcept;
    // Null: all that the backend said is the client's already, and its connection is somebody else's.
    [[nodiscard]] const BackendSide* backend_side() const noexcept;
    // Where that comes from; null: no backend.
    [[nodiscard]] net::Session* end(Direction source) const noexcept;
    // How long that end has done nothing.
    [[nodiscard]] Duration idle(Direction source) const noexcept;
    // The source has ended, and the other end is to be told so.
    [[nodiscard]] bool ended(Direction direction) const noexcept;
    // The pipe in which bytes are; null: none are.
    [[nodiscard]] const net::SpliceTransfer* pipe(Direction direction) const noexcept;
    // Where the codec of that end is; nothing: bytes are just bytes, or there is no such end.
    [[nodiscard]] std::optional<http::h1::Progress> place(Direction source) const noexcept;

    // What a request has beside what a tunnel has.
    struct Request {
        enum class Stage : uint8_t { waiting, answering, draining };
        Stage stage = Stage::waiting;
        bool upgrade_asked = false;
        bool awaits_continue = false;
        uint64_t request_bytes = 0;  // of its body
        Attempts::Carried attempts;
    };
    // Nothing: it is a tunnel.
    [[nodiscard]] std::optional<Request> request() const noexcept;

    // ---- what it goes on with

    struct Told {
        struct Flow {
            bool ended = false;
            std::optional<net::Pipe> pipe;
            uint32_t piped = 0;  // bytes in it
            Duration idle{};     // of its source
        };
        ListenerPtr listener;
        Route route;
        backend::BackendPtr backend;
        Record record;  // without what the client's connection tells
        std::array<Flow, 2> flows;
        std::optional<Request> request;
    };
    // Of an exchange that has just been opened. Its sides are new, and their sessions frozen. `backend` may be null.
    void go_on(ClientSide& client, BackendSide* backend, Told told);

private:
    [[nodiscard]] bool request_may_move() const noexcept;
    void go_on_with_tunnel();
    void go_on_with(const Request& request);

    Exchange& exchange_;
};

}  // namespace seki::proxy
