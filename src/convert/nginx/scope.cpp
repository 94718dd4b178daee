#include "convert/nginx/scope.h"

#include <algorithm>

#include "config/text.h"

namespace seki::convert::nginx {

const Directive* Scope::own(std::string_view name) const {
    const auto found = std::ranges::find(*block_, name, [](const auto& each) { return std::string_view(each.name); });
    if (found == block_->end()) return nullptr;
    found->handled = true;
    return &*found;
}

std::vector<const Directive*> Scope::all_own(std::string_view name) const {
    std::vector<const Directive*> found;
    for (const Directive& each : *block_) {
        if (each.name != name) continue;
        each.handled = true;
        found.push_back(&each);
    }
    return found;
}

const Directive* Scope::find(std::string_view name) const {
    for (const Scope* scope = this; scope != nullptr; scope = scope->around_) {
        if (const Directive* found = scope->own(name)) return found;
    }
    return nullptr;
}

std::vector<const Directive*> Scope::all(std::string_view name) const {
    for (const Scope* scope = this; scope != nullptr; scope = scope->around_) {
        if (auto found = scope->all_own(name); !found.empty()) return found;
    }
    return {};
}

std::optional<std::string> Scope::variable(std::string_view name) const {
    for (const Scope* scope = this; scope != nullptr; scope = scope->around_) {
        for (const Directive& each : *scope->block_) {
            if (each.name != "set" || each.argument(0).size() < 2 || each.argument(0).substr(1) != name) continue;
            if (each.arguments.size() != 2 || has_variable(each.argument(1))) return {};
            each.handled = true;
            return each.arguments[1];
        }
    }
    return {};
}

std::string Scope::expand(std::string_view text) const {
    std::string out;
    for (size_t i = 0; i < text.size();) {
        if (text[i] != '$') {
            out += text[i++];
            continue;
        }
        const bool braced = i + 1 < text.size() && text[i + 1] == '{';
        const size_t begin = i + (braced ? 2 : 1);
        size_t end = begin;
        while (end < text.size() && (config::is_alphanumeric(text[end]) || text[end] == '_')) ++end;
        const std::string_view name = text.substr(begin, end - begin);
        const auto value = variable(name);
        if (value) {
            out += *value;
        } else {
            (out += '$') += name;
        }
        i = std::min(text.size(), end + (braced ? 1 : 0));
    }
    return out;
}

void handle_all(const std::vector<Directive>& list) {
    for (const Directive& each : list) {
        each.handled = true;
        handle_all(each.block);
    }
}

}  // namespace seki::convert::nginx
