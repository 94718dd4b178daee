#pragma once

// A backend's connection as its exchanges see it, the mirror of Client: where a request goes, whatever the wire format.
// BackendSide has one exchange at a time (HTTP/1, tunnels), StreamBackend has many (formats with numbered streams).
// Which kind a connection is, backend_protocol() says.
//
//     connecting ──► serves exchanges ◄──► idle, in the pool or with the client that it belongs to ──► (closed)
//
// An exchange is attached before its request has a stream; send_head() or adopt() give it one, at once or as soon as
// there is room for its head, and what is said of the request and of its answer afterwards is said of that.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "backend/backend.h"
#include "proxy/held_request.h"
#include "proxy/side.h"

namespace seki::proxy {

class Client;
class Exchange;

// How a backend's connection was lost to its exchange.
struct BackendLoss {
    enum class Kind : uint8_t {
        refused,
        connect_timeout,
        closed,
        fault,
        timeout,
        no_resources,
        unprocessed  // the backend has given the request up, and says that it has not looked at it
    };
    Kind kind;
    http::Fault fault = http::Fault::none;
    int error = 0;         // of a refused connection, the errno value
    bool reused = false;   // the connection had served before: nothing is said about the backend
    bool written = false;  // some byte of the request was given to the kernel
    std::optional<HeldRequest> held;
    std::string why;  // the backend is not fit to be spoken to, in words; empty: nothing more is known

    [[nodiscard]] bool never_connected() const noexcept {
        return kind == Kind::refused || kind == Kind::connect_timeout;
    }
    // What it said was no HTTP; else it only ended too early.
    [[nodiscard]] bool malformed() const noexcept { return kind == Kind::fault && fault != http::Fault::truncated; }
};

class BackendEnd : public Side {
public:
    BackendEnd(net::Session& session, Context& context, backend::BackendPtr backend,
               std::unique_ptr<http::ClientCodec> codec)
        : Side(session, context),
          backend_(std::move(backend)),
          codec_(std::move(codec)),
          generation_(backend_->generation) {
        speak(*codec_);
    }

    [[nodiscard]] const backend::BackendPtr& backend() const noexcept { return backend_; }

    // Of one that the pool had: nothing waits to be read that could pass for an answer. May ask the socket.
    [[nodiscard]] virtual bool silent() = 0;
    [[nodiscard]] virtual bool idle() const noexcept = 0;
    virtual void attach(Exchange& exchange, Duration answer_timeout) = 0;
    // The exchange lets go. `reusable`: the answer was complete; what is fit for others after it goes on, else it ends
    // in this manner. `client`: whose exchange it was, null when that is gone.
    virtual void detach(Exchange& exchange, bool reusable, net::CloseManner manner, Client* client) = 0;
    // From now on, and until it ends, it belongs to the client whose exchange it has.
    void bind() noexcept { bound_ = true; }
    // Begins the request; nothing when there is no room for its head: for now, if anything waits to be sent.
    virtual std::optional<http::StreamId> send_head(Exchange& exchange, const http::RequestHead& head,
                                                    std::span<const http::AddedField> added) = 0;
    // Goes on with a request that another connection has lost, or begins one that had to wait; nothing as above, and
    // then it is held still.
    virtual std::optional<http::StreamId> adopt(Exchange& exchange, HeldRequest& held) = 0;
    // More of the body is to come: makes room for it, at the price of the held request if need be.
    virtual void make_body_room(http::StreamId stream) = 0;
    // What was written of the request is not needed any more.
    virtual void release_hold(http::StreamId stream) = 0;
    // From here on the bytes of the stream are just bytes, both ways.
    virtual void become_tunnel(http::StreamId stream) = 0;
    // No more bytes will follow what was written on this stream, a tunnel.
    virtual void end_output(http::StreamId stream) = 0;
    // What was written of the request needs its exchange no more.
    [[nodiscard]] virtual bool delivered(http::StreamId stream) const noexcept = 0;
    // It is the backend that is waited for, to take what there is of the request.
    [[nodiscard]] virtual bool withholds_credit(http::StreamId) const { return false; }
    // The exchange can take `room` bytes of the answer's body. True when the answer waited for that.
    virtual bool grant_credit(http::StreamId stream, size_t room) = 0;

protected:
    // The connection serves no exchange, and may serve others. False when nobody wants it.
    [[nodiscard]] bool keep_idle(Client* client);
    // It is counted no more, and may have been the last of a backend that a change removed.
    void connection_ended(net::CloseReason reason);
    // Nothing about how connections to this backend are made has changed since.
    [[nodiscard]] bool up_to_date() const noexcept { return generation_ == backend_->generation; }
    // What the transport knows of why it was lost.
    [[nodiscard]] std::string problem() { return std::string(session_.transport().connect_problem()); }
    // What adopt() does with a request that has to be written again.
    std::optional<http::StreamId> write_again(Exchange& exchange, HeldRequest& held);

    // Whatever was spoken before is over.
    void change_codec(std::unique_ptr<http::ClientCodec> codec) noexcept {
        codec_ = std::move(codec);
        speak(*codec_);
    }

    backend::BackendPtr backend_;
    std::unique_ptr<http::ClientCodec> codec_;
    bool bound_ = false;

private:
    uint32_t generation_;
};

}  // namespace seki::proxy
