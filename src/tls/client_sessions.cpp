#include "tls/client_sessions.h"

#include <algorithm>
#include <utility>

#include <openssl/asn1.h>

namespace seki::tls {

namespace {

WallTime end_of(const SSL_SESSION* session) {
    using std::chrono::seconds;
    const WallTime until(seconds(SSL_SESSION_get_time(session) + SSL_SESSION_get_timeout(session)));
    const X509* const shown = SSL_SESSION_get0_peer(const_cast<SSL_SESSION*>(session));
    int days = 0;
    int more = 0;
    const ASN1_TIME* const last = shown != nullptr ? X509_get0_notAfter(shown) : nullptr;
    if (last == nullptr || ASN1_TIME_diff(&days, &more, nullptr, last) != 1) return until;
    const auto left = std::chrono::days(days) + seconds(more);
    return std::min(until, WallTime(std::chrono::system_clock::now().time_since_epoch() + left));
}

}  // namespace

void ClientSessions::put(const Key& key, SSL_SESSION* session) {
    forget(key);
    if (entries_.size() >= capacity_) erase(std::prev(entries_.end()));
    const WallTime until = end_of(session);
    entries_.push_front({key, std::unique_ptr<SSL_SESSION, FreeSession>(session), until});
    found_.emplace(key, entries_.begin());
}

SSL_SESSION* ClientSessions::find(const Key& key, WallTime now) {
    const auto found = found_.find(key);
    if (found == found_.end()) return nullptr;
    if (found->second->until <= now) {
        erase(found->second);
        return nullptr;
    }
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->session.get();
}

void ClientSessions::forget(const Key& key) {
    const auto found = found_.find(key);
    if (found != found_.end()) erase(found->second);
}

void ClientSessions::forget_all(uint64_t policy) {
    for (auto entry = entries_.begin(); entry != entries_.end();) {
        const auto next = std::next(entry);
        if (entry->key.policy == policy) erase(entry);
        entry = next;
    }
}

void ClientSessions::erase(Entries::iterator entry) {
    found_.erase(entry->key);
    entries_.erase(entry);
}

}  // namespace seki::tls
