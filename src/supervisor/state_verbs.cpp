#include "supervisor/state_verbs.h"

#include <utility>

#include "config/state_file/writer.h"

namespace seki::supervisor {

using command::Request;

bool StateVerbs::obey(Request& request, Answer& answer) {
    switch (request.request_type_case()) {
        case Request::kSaveState: {
            command::SaveState wanted;
            wanted.set_path(request.save_state());
            files_.save(wanted, announcing(command::STATE_SAVED, std::move(answer)));
            return true;
        }
        case Request::kSaveStateAs:
            files_.save(request.save_state_as(), announcing(command::STATE_SAVED, std::move(answer)));
            return true;
        case Request::kLoadState:
            files_.load(request.load_state(), announcing(command::STATE_LOADED, std::move(answer)));
            return true;
        case Request::kApplyChanges:
            sets_.take(std::move(*request.mutable_apply_changes()), std::move(answer));
            return true;
        case Request::kReload:
            reload(std::move(*request.mutable_reload()), std::move(answer));
            return true;
        case Request::kReloadConfiguration: {
            command::Reload wanted;
            wanted.set_path(request.reload_configuration());
            reload(std::move(wanted), std::move(answer));
            return true;
        }
        case Request::kQueryState:
            page(request.query_state(), std::move(answer));
            return true;
        case Request::kQueryStateVersion: {
            command::Response response = response_of(command::OK, "");
            response.mutable_content()->mutable_state_version()->set_version(changes_.version());
            answer(response);
            return true;
        }
        default:
            return false;
    }
}

void StateVerbs::reload(command::Reload wanted, Answer answer) {
    if (wanted.dry_run()) return reloader_.reload(std::move(wanted), std::move(answer));
    if (on_reload) on_reload(true);
    auto over = [this, answer = std::move(answer)](const command::Response& response) mutable {
        if (on_reload) on_reload(false);
        answer(response);
    };
    reloader_.reload(std::move(wanted), announcing(command::CONFIGURATION_RELOADED, std::move(over)));
}

StateVerbs::Answer StateVerbs::announcing(command::EventKind kind, Answer answer) {
    return [this, kind, answer = std::move(answer)](const command::Response& response) mutable {
        if (response.status() == command::OK && on_done) on_done(kind);
        answer(response);
    };
}

// To go over what other pages have costs little. A page has one change at least; the validator lets none through that
// no frame can hold.
void StateVerbs::page(const command::QueryState& wanted, Answer answer) {
    changes_.when_settled([this, wanted, answer = std::move(answer)]() mutable {
        command::Response response = response_of(command::OK, "");
        command::StatePage& page = *response.mutable_content()->mutable_state_page();
        page.set_version(changes_.version());
        config::Snapshot walk(state_);
        const auto fill = config::certificates_filled(wanted.without_keys());
        uint64_t at = walk.skip(wanted.from());
        size_t bytes = 0;
        for (;; ++at) {
            if (bytes >= page_bytes_) {
                page.set_next(at);
                break;
            }
            Request change;
            if (!walk.next(change, fill)) break;
            if (wanted.without_keys() && !config::leave_out_keys(change)) continue;
            bytes += change.ByteSizeLong();
            *page.add_changes() = std::move(change);
        }
        answer(response);
    });
}

}  // namespace seki::supervisor
