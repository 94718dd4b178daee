#include "proxy/own_connection.h"

#include "proxy/backend_end.h"
#include "proxy/context.h"

namespace seki::proxy {

BackendEnd* OwnConnection::find(Context& context) const {
    net::Session* session = context.sessions.find(id_);
    if (session == nullptr || session->closing()) return nullptr;
    auto* side = static_cast<BackendEnd*>(session->protocol());
    return side->idle() ? side : nullptr;
}

bool OwnConnection::keep(Context& context, BackendEnd& side) {
    if (!context.pool.own(*side.backend(), side.session())) return false;
    close(context);
    id_ = side.session().id();
    return true;
}

void OwnConnection::give_way(Context& context) {
    BackendEnd* side = idle(context);
    if (side != nullptr && !context.pool.make_room_for(*side->backend(), id_)) close(context);
}

void OwnConnection::close(Context& context) {
    if (BackendEnd* side = idle(context)) side->session().close(net::CloseManner::now, net::CloseReason::stale);
}

}  // namespace seki::proxy
