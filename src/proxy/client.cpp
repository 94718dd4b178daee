#include "proxy/client.h"

namespace seki::proxy {

bool Client::take_back() {
    const uint64_t sent = session_.bytes_written();
    if (shared() || sent + session_.transport().begun() > answer_at_ || !session_.has_unsent()) return false;
    session_.unsent()->truncate(answer_at_ - sent);
    return true;
}

}  // namespace seki::proxy
