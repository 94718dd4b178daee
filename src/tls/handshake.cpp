#include "tls/handshake.h"

#include <utility>

namespace seki::tls {

using net::Close;
using net::CloseManner;
using net::CloseReason;
using net::IoOutcome;

Handshake::Handshake(net::Session& session, TlsTransport& transport, Duration limit, MakeNext make_next)
    : transport_(transport), began_(session.loop().now()), make_next_(std::move(make_next)) {
    session.deadline(began_ + limit);
}

net::Next Handshake::on_ready(net::Session& session) {
    const IoOutcome got = session.read({});
    if (transport_.refused()) return Close{CloseManner::linger, CloseReason::protocol_error};
    if (transport_.open()) return net::Become{make_next_(transport_.info())};
    if (got.stop == IoOutcome::Stop::blocked) return net::Stay{};
    const bool ended = got.stop == IoOutcome::Stop::end;
    return Close{CloseManner::now, ended ? CloseReason::peer_closed : CloseReason::peer_error};
}

net::Next Handshake::on_deadline(net::Session&) {
    transport_.give_up();
    return Close{CloseManner::now, CloseReason::timeout};
}

}  // namespace seki::tls
