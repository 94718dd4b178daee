#include "supervisor/expiry_watch.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "base/counted.h"
#include "x509/time.h"

namespace seki::supervisor {

namespace {

constexpr int64_t day_s = 86'400;

std::string name_of(int64_t days) {
    return days > 0 ? fmt::format("tls.cert.expires_within_{}_days", days) : "tls.cert.expired";
}

}  // namespace

ExpiryWatch::~ExpiryWatch() { loop_.timers().cancel(*this); }

void ExpiryWatch::start() {
    looked_at_s_ = now_s();
    loop_.timers().arm(*this, loop_.now() + interval);
}

int64_t ExpiryWatch::now_s() const noexcept {
    return std::chrono::floor<std::chrono::seconds>(loop_.wall().time_since_epoch()).count();
}

void ExpiryWatch::on_timer() {
    const int64_t from_s = std::exchange(looked_at_s_, now_s());
    for (const int64_t days : config::warned_of_days) tell(days, from_s + days * day_s, looked_at_s_ + days * day_s);
    tell_of_ocsp(from_s);
    loop_.timers().arm(*this, loop_.now() + interval);
}

void ExpiryWatch::tell_of_ocsp(int64_t from_s) {
    size_t found = 0;
    config::for_each_ocsp_end(state_, from_s, looked_at_s_, [&](const config::Expiring& one) {
        if (++found > most_lines) return;
        log_.warn(observe::Module::supervisor,
                  "the OCSP response for the certificate {} ({}) on {} was good until {}: it is not sent any more",
                  one.fingerprint, one.name, one.address.text(), x509::time_text(one.not_after_s));
    });
    if (found > most_lines)
        log_.warn(observe::Module::supervisor, "{} more OCSP responses likewise", found - most_lines);
}

void ExpiryWatch::tell(int64_t days, int64_t from_s, int64_t until_s) {
    size_t found = 0;
    config::for_each_expiring(state_, from_s, until_s, [&](const config::Expiring& one) {
        if (days * day_s > config::to_be_renewed_within_s(one.not_before_s, one.not_after_s)) return;
        if (++found > most_lines) return;
        const std::string when = x509::time_text(one.not_after_s);
        if (days > 0) {
            log_.warn(observe::Module::supervisor, "the certificate {} ({}) on {} expires on {}, in {}",
                      one.fingerprint, one.name, one.address.text(), when, counted(days, "day"));
        } else {
            log_.warn(observe::Module::supervisor, "the certificate {} ({}) on {} has expired on {}", one.fingerprint,
                      one.name, one.address.text(), when);
        }
    });
    if (found > most_lines) log_.warn(observe::Module::supervisor, "{} more certificates likewise", found - most_lines);
}

void ExpiryWatch::fill(OwnFigures::Map& figures) {
    const uint64_t version = version_();
    if (!figures_ || figures_->version != version || loop_.now() - figures_->made > fresh)
        figures_ = Figures{config::expiries(state_, now_s()), version, loop_.now()};
    const config::Expiries& found = figures_->found;
    if (!found.first_s) return;
    figures["tls.cert.min_expires_at_seconds"].set_gauge(static_cast<uint64_t>(std::max<int64_t>(*found.first_s, 0)));
    for (size_t i = 0; i < found.within.size(); ++i)
        figures[name_of(config::warned_of_days[i])].set_gauge(found.within[i]);
}

}  // namespace seki::supervisor
