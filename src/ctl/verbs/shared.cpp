#include "ctl/fields.h"
#include "ctl/verbs/verbs.h"

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

}  // namespace

CLI::Option* address_option(Verb& verb, const std::string& help) {
    return verb.value("-a,--address", "address", help)->required();
}

void hsts_options(Verb& verb) {
    CLI::Option* disabled =
        verb.flag("--hsts-disabled", "hsts.enabled", "Send no Strict-Transport-Security header", false);
    const auto enabling_flag = [&](const std::string& name, const std::string& path, const std::string& help) {
        verb.sign(name, help,
                  [path](command::Request& request, const auto&) { return enable_hsts(request, path, "true"); })
            ->excludes(disabled);
    };
    verb.option("--hsts-max-age", "SECONDS", "Send the header, with this age",
                [](command::Request& request, const auto& values) {
                    return enable_hsts(request, "hsts.max_age", values.front());
                })
        ->default_str("31536000")
        ->excludes(disabled);
    enabling_flag("--hsts-include-subdomains", "hsts.include_subdomains", "Send the header, for subdomains too");
    enabling_flag("--hsts-preload", "hsts.preload", "Send the header, with the preload mark");
    enabling_flag("--hsts-force-replace-backend", "hsts.force_replace_backend",
                  "Send the header in place of a backend's");
}

}  // namespace seki::ctl
