#include <algorithm>
#include <charconv>

#include "base/check.h"
#include "ctl/fields.h"
#include "ctl/text_file.h"
#include "ctl/verbs/verbs.h"
#include "x509/pem.h"

namespace seki::ctl {
namespace {

// Any option but --hsts-disabled switches the policy on, for a year unless another age is given (RFC 6797 §11.2 speaks
// of "lengthy" ages).
Result<> enable_hsts(command::Request& request, const std::string& path, const std::string& value) {
    const auto put = [&request](const std::string& field, std::string_view text) {
        return put_text(find_field(payload(request), field), text);
    };
    const FieldRef age = find_field(payload(request), "hsts.max_age");
    if (!age.owner->GetReflection()->HasField(*age.owner, age.field))
        static_cast<void>(put("hsts.max_age", "31536000"));
    static_cast<void>(put("hsts.enabled", "true"));
    return put(path, value);
}

Result<> read_answer(command::Request& request, const std::string& value) {
    constexpr std::string_view file_scheme = "file://";
    const size_t equals = value.find('=');
    int status = 0;
    const char* end = value.data() + std::min(equals, value.size());
    const auto parsed = std::from_chars(value.data(), end, status);
    if (equals == std::string::npos || parsed.ptr != end || status < 100 || status > 599) {
        return failure("'{}' is not CODE=BODY or CODE=file://PATH with a status code", value);
    }
    std::string body = value.substr(equals + 1);
    if (body.starts_with(file_scheme)) {
        Result<std::string> content = read_text_file(body.substr(file_scheme.size()));
        if (!content) return std::unexpected(content.error());
        body = std::move(*content);
    }
    put_entry(find_field(payload(request), "answers"), std::to_string(status), body);
    return {};
}

}  // namespace

Option address_option(Verb& verb, const std::string& help) {
    return verb.value("-a,--address", "address", help).required();
}

void answers_option(Verb& verb) {
    verb.option("--answer", "CODE=BODY|CODE=file://PATH", "Answer of its own for a status code; may be repeated",
                [](command::Request& request, const std::vector<std::string>& values) -> Result<> {
                    for (const std::string& value : values) {
                        const Result<> read = read_answer(request, value);
                        if (!read) return read;
                    }
                    return {};
                })
        .repeatable();
}

void hsts_options(Verb& verb) {
    const Option disabled =
        verb.flag("--hsts-disabled", "hsts.enabled", "Send no Strict-Transport-Security header", false);
    const auto enabling_flag = [&](const std::string& name, const std::string& path, const std::string& help) {
        verb.sign(name, help,
                  [path](command::Request& request, const auto&) { return enable_hsts(request, path, "true"); })
            .excludes(disabled);
    };
    verb.option("--hsts-max-age", "SECONDS", "Send the header, with this age",
                [](command::Request& request, const auto& values) {
                    return enable_hsts(request, "hsts.max_age", values.front());
                })
        .default_text("31536000")
        .excludes(disabled);
    enabling_flag("--hsts-include-subdomains", "hsts.include_subdomains", "Send the header, for subdomains too");
    enabling_flag("--hsts-preload", "hsts.preload", "Send the header, with the preload mark");
    enabling_flag("--hsts-force-replace-backend", "hsts.force_replace_backend",
                  "Send the header in place of a backend's");
}

Option file_option(Verb& verb, const std::string& names, const std::string& path, const std::string& help) {
    return verb.option(names, "FILE", help, [path](command::Request& request, const auto& values) -> Result<> {
        const Result<std::string> content = read_text_file(values.front());
        if (!content) return std::unexpected(content.error());
        return put_text(find_field(payload(request), path), *content);
    });
}

Option blocks_option(Verb& verb, const std::string& name, const std::string& path, std::string_view label,
                     const std::string& help) {
    return verb.option(name, "FILE", help, [path, label](command::Request& request, const auto& values) -> Result<> {
        for (const std::string& value : values) {
            const Result<std::string> pem = read_text_file(value);
            if (!pem) return std::unexpected(pem.error());
            const auto blocks = x509::read_pem(*pem);
            if (!blocks) return failure("{}: {}", value, blocks.error().message);
            for (const x509::PemBlock& block : *blocks) {
                if (block.label != label) continue;
                const FieldRef list = find_field(payload(request), path);
                list.owner->GetReflection()->AddString(list.owner, list.field, x509::write_pem(label, block.der));
            }
        }
        return {};
    });
}

Option chain_option(Verb& verb, const std::string& name, const std::string& path, const std::string& help) {
    return blocks_option(verb, name, path, "CERTIFICATE", help);
}

void on_off_flags(Verb& verb, const std::string& on, const std::string& off, const std::string& path,
                  const std::string& help) {
    const Option first = verb.flag(on, path, help);
    verb.flag(off, path, "The contrary of " + on, false).excludes(first);
}

Result<std::string> text_or_file(const std::string& value) {
    constexpr std::string_view file_scheme = "file://";
    return value.starts_with(file_scheme) ? read_text_file(value.substr(file_scheme.size())) : value;
}

}  // namespace seki::ctl
