#include "stage/secured_end.h"

#include <utility>

namespace seki::stage {

std::string SecuredEnd::begin() {
    failed_ = !peer_->advance();
    return output();
}

std::string SecuredEnd::send(std::string_view plain) {
    if (!peer_->connected()) {
        waiting_ += plain;
        return {};
    }
    peer_->send(plain);
    return output();
}

std::string SecuredEnd::finish() {
    finish_waits_ = !peer_->connected();
    if (peer_->connected()) peer_->close_notify();
    return output();
}

std::string SecuredEnd::receive(std::string_view bytes, std::string& plain) {
    wire_->to_client += bytes;
    if (peer_->connected()) {
        plain += peer_->receive();
        return output();
    }
    failed_ |= !peer_->advance();
    if (!peer_->connected()) return output();
    if (!waiting_.empty()) peer_->send(std::exchange(waiting_, {}));
    if (std::exchange(finish_waits_, false)) peer_->close_notify();
    plain += peer_->receive();
    return output();
}

}  // namespace seki::stage
