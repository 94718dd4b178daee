#include "worker/moved.h"

#include <algorithm>
#include <openssl/crypto.h>
#include <utility>

#include "tls/transport.h"

namespace seki::worker {

using std::chrono::microseconds;

uint64_t micros(Duration time) noexcept {
    return static_cast<uint64_t>(std::max(time, Duration::zero()) / microseconds(1));
}

Duration duration_of(uint64_t micros) noexcept {
    constexpr Duration most = std::chrono::years(50);
    return microseconds(std::min<uint64_t>(micros, most / microseconds(1)));
}

void wipe(std::string& secret) {
    OPENSSL_cleanse(secret.data(), secret.size());
    secret.clear();
}

Result<std::unique_ptr<net::Transport>> moved_transport(UniqueFd socket, tls::Engine& engine, tls::Role role,
                                                        std::string_view secrets) {
    std::unique_ptr<net::Transport> plain = std::make_unique<net::PlainTransport>(std::move(socket));
    if (secrets.empty()) return plain;
    auto secured = tls::TlsTransport::adopt(std::move(plain), engine, role, secrets);
    if (!secured) return std::unexpected(secured.error());
    return std::move(*secured);
}

const tls::ConnectionInfo* secured_by(const net::Transport& transport) {
    const auto* const secured = dynamic_cast<const tls::TlsTransport*>(&transport);
    return secured != nullptr ? &secured->info() : nullptr;
}

}  // namespace seki::worker
