#include "proxy/client.h"

#include "proxy/backend_end.h"
#include "proxy/cluster.h"

namespace seki::proxy {

bool Client::take_back() {
    const uint64_t sent = session_.bytes_written();
    if (shared() || sent + session_.transport().begun() > answer_at_ || !session_.has_unsent()) return false;
    session_.unsent()->truncate(answer_at_ - sent);
    return true;
}

bool Client::belonged_to(const SessionsOf& sessions) {
    if (!session_.protocol()->idle_since(session_)) return false;
    const BackendEnd* const own = own_.idle(context_);
    if (own != nullptr && sessions.are_at(*own->backend())) return true;
    return sessions.of_any_backend() && source_limits_.cluster_key() == Cluster::key_of(sessions.cluster_id);
}

}  // namespace seki::proxy
