#include "stage/secured_end.h"

#include <utility>

namespace seki::stage {

SecuredEnd::SecuredEnd(const tls::Client::Settings& settings) : client_(wire_, settings) {}

std::string SecuredEnd::begin() {
    failed_ = !client_.advance();
    return output();
}

std::string SecuredEnd::send(std::string_view plain) {
    if (!client_.connected()) {
        waiting_ += plain;
        return {};
    }
    client_.send(plain);
    return output();
}

std::string SecuredEnd::finish() {
    finish_waits_ = !client_.connected();
    if (client_.connected()) client_.close_notify();
    return output();
}

std::string SecuredEnd::receive(std::string_view bytes, std::string& plain) {
    wire_->to_client += bytes;
    if (client_.connected()) {
        plain += client_.receive();
        return output();
    }
    failed_ |= !client_.advance();
    if (!client_.connected()) return output();
    if (!waiting_.empty()) client_.send(std::exchange(waiting_, {}));
    if (std::exchange(finish_waits_, false)) client_.close_notify();
    plain += client_.receive();
    return output();
}

}  // namespace seki::stage
