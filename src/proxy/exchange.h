#pragma once

// One request and its answer, or one tunnel: the place where a client's stream and a backend's stream meet. It asks the
// router, edits the head, gets a connection, passes bodies both ways under back pressure, and ends with one record for
// log and metrics. It speaks to both ends through Side and cannot tell which wire format they have.
//
//     routing ──► waiting ◄─► answering ──► draining ──► (retired)
//      │ ▲ │         │ ▲          │             ▲
//      │ │ │         └─┘ retry    └─────────────┤  the answer is complete, not all of it is sent
//      │ │ └──► own answer (404, 503, …) ───────┘
//      ▼ │
//     suspended: a password is being checked, and the head of the request is kept
//
// waiting: the request is on its way to a backend, no byte of an answer has come. Until then, and while the request is
// held in full, another backend may take over. It is the state again when an answer breaks of which nothing has left:
// the client gets one of ours. Leaving any state because a side went ends in retirement too.
//
// The client's session owns the exchange; the backend's session is borrowed from the pool and goes back, or is closed.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/slab.h"
#include "http/codec.h"
#include "net/splice.h"
#include "proxy/attempts.h"
#include "proxy/backend_end.h"
#include "proxy/body_pace.h"
#include "proxy/interim_pace.h"
#include "proxy/listener.h"
#include "proxy/reply.h"
#include "proxy/route.h"
#include "proxy/sessions_of.h"
#include "proxy/side.h"
#include "proxy/source_limits.h"

namespace seki::proxy {

class Client;
class KeptRequest;
struct DeferredAnswer;
struct RoutedRequest;

class Exchange {
public:
    Exchange(SlabId id, Context& context);
    ~Exchange();

    [[nodiscard]] SlabId id() const noexcept { return id_; }

    // ---- from the client's side

    // A request came; `head` is good during the call. `first_byte`: when it began to arrive.
    void begin(Client& client, http::StreamId stream, ListenerPtr listener, http::RequestHead& head, bool end,
               Monotonic first_byte);
    // It waits for something that is no connection. When the client is woken, it may go on.
    [[nodiscard]] bool suspended() const noexcept { return state_ == State::suspended; }
    void resume();
    void begin_tunnel(Client& client, ListenerPtr listener);
    // Something came that is no request, or not in time: `status` says so.
    void refuse(Client& client, http::StreamId stream, ListenerPtr listener, uint16_t status, const char* message);
    void client_gone(net::CloseReason reason);
    // When a client that sends nothing more counts as gone, unless something moves; nothing while it may be waited for.
    [[nodiscard]] std::optional<Monotonic> gone_at() const noexcept;
    // The client did not do in time what it should: 408 when no answer has begun. Or it has gone by now.
    void client_late();
    // The client broke the protocol within the body of its request.
    void client_fault(http::Fault fault);
    // To end the client's connection now is to cut something off.
    [[nodiscard]] bool cuts_off() const noexcept;

    // ---- from the backend's side

    void connected();
    // An interim answer of so many bytes. False when they come too fast.
    [[nodiscard]] bool interim(const http::ResponseHead& head, uint64_t bytes);
    void answer_head(http::ResponseHead& head, bool end);
    void backend_gone(BackendLoss loss);

    // ---- from both

    // How many bytes of body the other end can take; of an answer that has not begun, how long its head may be.
    [[nodiscard]] size_t room_for_request() const;
    [[nodiscard]] size_t room_for_answer() const;
    void body(Direction direction, std::string_view bytes);
    void end(Direction direction, const http::FieldTable* trailers);
    // The same where others share the connection that it came on: it may come before the head of its message has gone.
    void end_of_request(const http::FieldTable* trailers);
    void end_of_answer(const http::FieldTable* trailers);
    // A batch of events was handed on: what was written may go.
    void flush(Direction direction);
    // The end where `direction` flows to was ready; `took`: it took bytes that waited.
    void sink_progress(Direction direction, bool took);
    // Moves raw bytes through a pipe when that pays; false when the codec should see them.
    bool move_raw(Direction direction);

    [[nodiscard]] bool tunnel() const noexcept { return mode_ == Mode::tunnel; }
    [[nodiscard]] bool awaits_head() const noexcept { return mode_ == Mode::http && state_ == State::waiting; }
    // What follows the request may be no other one.
    [[nodiscard]] bool may_upgrade() const noexcept { return upgrade_asked_ && !answer_ended(); }
    // More of the request's body may come, and somebody is there who takes it.
    [[nodiscard]] bool takes_body() const noexcept {
        return (backend_ != nullptr || state_ == State::suspended) && !request_ended();
    }
    [[nodiscard]] bool sent_body() const noexcept { return record_.body_bytes[index(Direction::request)] > 0; }
    [[nodiscard]] bool request_ended() const noexcept { return ended_[index(Direction::request)]; }
    [[nodiscard]] bool answer_ended() const noexcept { return ended_[index(Direction::response)]; }
    [[nodiscard]] bool answer_delivered() const noexcept;
    // Until when the client may do nothing; nothing when that time is over. While it is the backend's turn, later.
    [[nodiscard]] std::optional<Monotonic> idle_until(Monotonic now) const;
    // Time in which it is not its turn is not held against its pace.
    void restart_pace(Monotonic now) noexcept;
    // The same for the backend.
    [[nodiscard]] std::optional<Monotonic> backend_due(Monotonic now, Duration limit) const;
    [[nodiscard]] bool is_of(const SessionsOf& sessions) const noexcept;
    void describe(std::string& line) const;

private:
    friend class ExchangeMove;

    enum class State : uint8_t { routing, suspended, waiting, answering, draining, retired };
    enum class Mode : uint8_t { http, tunnel };

    static constexpr size_t index(Direction direction) noexcept { return static_cast<size_t>(direction); }
    [[nodiscard]] Side* source(Direction direction) const noexcept;
    [[nodiscard]] Side* sink(Direction direction) const noexcept;
    [[nodiscard]] http::StreamId source_stream(Direction direction) const noexcept;
    [[nodiscard]] http::StreamId sink_stream(Direction direction) const noexcept;

    void enter(State next);
    void active(Direction direction, bool gave) noexcept;
    bool accept_body(uint64_t bytes);
    void make_request_room();

    void open(Client& client, http::StreamId stream, ListenerPtr listener, Monotonic first_byte);
    void route(http::RequestHead& head);
    void suspend(const http::RequestHead& head);
    [[nodiscard]] std::string_view compared_path(std::string_view sent);
    [[nodiscard]] bool held_in_full(const http::RequestHead& head) const noexcept;
    [[nodiscard]] const Timeouts& timeouts() const noexcept { return route_.timeouts(*listener_); }
    // False: it is answered otherwise, or has to wait.
    bool passes(const RoutedRequest& routed);
    // Whether the user that the request names may pass, as far as that is known.
    [[nodiscard]] auth::Verdict authenticate(const http::RequestHead& head);
    void forward(const RoutedRequest& routed);
    void begin_pace();
    void keep_pace(uint64_t bytes);
    void set_deadline();

    BackendEnd* connect();
    // There is no room for the head now. False: there never will be, and that is answered.
    bool defer_request(const http::RequestHead& head, const AddedFields& added);
    void begin_deferred_request();
    void request_begins(http::StreamId stream);
    void count_broken_answer(const BackendLoss& loss);
    void take_back_answer();
    void try_another(BackendLoss loss);
    [[nodiscard]] bool client_may_retry(const BackendLoss& loss) const noexcept;
    void release_backend(bool reusable);
    // It is ours no more, and what was on its way through a pipe goes.
    BackendEnd* give_up_backend() noexcept;

    // Into the cluster, or what the client is told whose source has as much of it as it may.
    std::optional<SourceLimits::Refusal> let_in();
    void refuse_tunnel(const SourceLimits::Refusal& refusal);
    void edit_answer(http::ResponseHead& head, AddedFields& added);
    [[nodiscard]] const Hsts* hsts() const noexcept;
    void answer(const Reply& reply);
    // The operator's own answer; sets what the built-in one needs not.
    const http::AnswerTemplate* custom_answer(const Reply& reply, http::Variables& values);
    void write_answer(const Reply& reply);
    void defer(const Reply& reply);
    void defer(const http::ResponseHead& head, const AddedFields& added, bool end);
    void answer_further();
    // The head of the answer is there, and the client's connection has no room for it.
    [[nodiscard]] bool defers_head() const noexcept;
    void write_deferred_head();
    void answer_begins(const http::ResponseHead& head, bool end);
    void send_rest();
    void abort(net::CloseReason reason, const char* message);
    // The client gets no answer, and its connection ends; a stream is reset.
    void fall_silent();
    [[nodiscard]] bool waiting_on_client() const noexcept;
    void become_tunnel();
    void count_tunnel(int more) noexcept;
    // Another worker may have it.
    void tunnel_stands();
    void grant_credit(Direction direction, Side& from);
    void check_complete(Direction direction);
    void end_tunnel_direction(Direction direction);
    void finish();
    void retire(bool complete);

    [[nodiscard]] bool raw_path(Direction direction) const;
    void spliced(Direction direction, const net::SpliceTransfer::Progress& progress);

    SlabId id_;
    Context& context_;
    State state_ = State::routing;
    Mode mode_ = Mode::http;
    Client* client_ = nullptr;
    BackendEnd* backend_ = nullptr;
    http::StreamId client_stream_ = 0;
    http::StreamId backend_stream_ = 0;
    ListenerPtr listener_;
    Route route_;
    Attempts attempts_;
    bool upgrade_asked_ = false;
    bool end_waits_ = false;        // of the request, for its head
    bool awaits_continue_ = false;  // the client sends its body when the backend says so
    std::array<bool, 2> ended_{};   // per direction: the source said its last
    std::array<std::optional<net::SpliceTransfer>, 2> splices_;
    std::array<bool, 2> bulk_{};  // a read filled the buffer: more of the same will come
    Monotonic client_activity_{};
    Monotonic backend_activity_{};
    BodyPace pace_;
    InterimPace interim_pace_;
    uint64_t request_bytes_ = 0;                     // of its body
    std::unique_ptr<KeptRequest> suspended_;         // while a password is being checked
    std::unique_ptr<HeldRequest> deferred_request_;  // while others of its backend's connection are in the way
    std::unique_ptr<DeferredAnswer> deferred_;
    Record record_;
};

}  // namespace seki::proxy
