#include "config/strict_verb.h"

#include <utility>

namespace seki::config {

namespace {

bool recognises_clients(const command::HttpsListenerConfig& listener) {
    return listener.client_auth() != command::CLIENT_AUTH_NONE || listener.has_client_auth_headers();
}

bool recognises_clients(const command::UpdateHttpsListenerConfig& update) {
    return update.has_client_auth_policy() || update.has_client_auth_headers();
}

}  // namespace

void use_plain_verb(command::Request& request) {
    if (request.has_add_https_listener_with_client_auth()) {
        auto listener = std::move(*request.mutable_add_https_listener_with_client_auth());
        *request.mutable_add_https_listener() = std::move(listener);
    }
    if (request.has_update_https_listener_with_client_auth()) {
        auto update = std::move(*request.mutable_update_https_listener_with_client_auth());
        *request.mutable_update_https_listener() = std::move(update);
    }
}

void use_strict_verb(command::Request& request) {
    if (request.has_add_https_listener() && recognises_clients(request.add_https_listener())) {
        auto listener = std::move(*request.mutable_add_https_listener());
        *request.mutable_add_https_listener_with_client_auth() = std::move(listener);
    }
    if (request.has_update_https_listener() && recognises_clients(request.update_https_listener())) {
        auto update = std::move(*request.mutable_update_https_listener());
        *request.mutable_update_https_listener_with_client_auth() = std::move(update);
    }
}

}  // namespace seki::config
