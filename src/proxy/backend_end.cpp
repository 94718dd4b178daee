#include "proxy/backend_end.h"

#include "proxy/client.h"

namespace seki::proxy {

bool BackendEnd::keep_idle(Client* client) {
    if (bound_) return client != nullptr && client->own().keep(context_, *this);
    return backend_->keep_alive.worthwhile(context_.loop.now()) && context_.pool.put(*backend_, session_);
}

}  // namespace seki::proxy
