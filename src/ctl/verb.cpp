#include "ctl/verb.h"

#include <google/protobuf/text_format.h>
#include <utility>

#include <CLI/CLI.hpp>

#include "base/check.h"
#include "ctl/fields.h"

namespace seki::ctl {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

const FieldDescriptor* variant_of(const command::Request& request) {
    return request.GetReflection()->GetOneofFieldDescriptor(request, command::Request::descriptor()->oneof_decl(0));
}

command::Request parse_request(std::string_view text) {
    command::Request request;
    google::protobuf::TextFormat::Parser parser;
    parser.AllowPartialMessage(true);
    SEKI_CHECK(parser.ParseFromString(std::string(text), &request));
    return request;
}

Result<> put_all(const FieldRef& target, const std::vector<std::string>& values) {
    for (const std::string& value : values) {
        for (const std::string& item : target.field->is_repeated() ? comma_separated(value) : std::vector{value}) {
            const Result<> put = put_text(target, item);
            if (!put) return put;
        }
    }
    return {};
}

}  // namespace

std::vector<std::string> comma_separated(std::string_view list) {
    std::vector<std::string> items;
    for (size_t comma = 0; comma != std::string_view::npos;) {
        comma = list.find(',');
        items.emplace_back(list.substr(0, comma));
        list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    }
    return items;
}

Message& payload(command::Request& request) {
    const FieldDescriptor* variant = variant_of(request);
    const bool scalar = variant == nullptr || variant->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE;
    return scalar ? request : *request.GetReflection()->MutableMessage(&request, variant);
}

Verb::Verb(CLI::App& app, std::string_view request) : app_(&app), initial_(parse_request(request)) {
    const FieldDescriptor* variant = variant_of(initial_);
    if (variant != nullptr) request_name_ = variant->name();
}

std::string Verb::full_path(const std::string& path) const {
    SEKI_CHECK(!request_name_.empty());
    return path.empty() ? request_name_ : request_name_ + "." + path;
}

Option Verb::option(const std::string& names, const std::string& type, const std::string& help, Read read) {
    const Option option(*app_->add_option(names, CLI::callback_t{}, help));
    option.type(type);
    bindings_.push_back({option, std::move(read)});
    return option;
}

Option Verb::sign(const std::string& names, const std::string& help, Read read) {
    const Option option(*app_->add_flag(names, help)->disable_flag_override());
    bindings_.push_back({option, std::move(read)});
    return option;
}

Option Verb::value(const std::string& names, const std::string& path, const std::string& help) {
    const std::string full = full_path(path);
    const FieldDescriptor& field = field_at(*initial_.GetDescriptor(), full);
    const Option made = option(names, type_label(field), help, [full](command::Request& request, const auto& values) {
        return put_all(find_field(request, full), values);
    });
    if (field.is_repeated()) made.repeatable();
    made.default_text(schema_default(field));
    return made;
}

Option Verb::flag(const std::string& names, const std::string& path, const std::string& help, bool value) {
    return sign(names, help, [full = full_path(path), value](command::Request& request, const auto&) {
        return put_text(find_field(request, full), value ? "true" : "false");
    });
}

Verb& Verb::word(const std::string& name, const std::string& help) {
    app_->require_subcommand(1);
    Verb& word = *words_.emplace_back(std::make_unique<Verb>(*app_->add_subcommand(name, help), ""));
    word.initial_ = initial_;
    word.request_name_ = request_name_;
    return word;
}

void Verb::words_are_optional() { app_->require_subcommand(0, 1); }

bool Verb::chosen() const { return app_->parsed(); }

bool Verb::given(const std::string& option) const { return app_->get_option(option)->count() > 0; }

std::string Verb::text_of(const std::string& option) const {
    const CLI::Option* found = app_->get_option(option);
    return found->count() > 0 ? found->results().front() : std::string();
}

std::vector<std::string> Verb::texts_of(const std::string& option) const { return app_->get_option(option)->results(); }

Result<> Verb::apply(command::Request& request) const {
    for (const auto& [option, read] : bindings_) {
        if (option.count() == 0) continue;
        const Result<> done = read(request, option.values());
        if (!done) return failure("{}: {}", option.name(), done.error().message);
    }
    for (const std::unique_ptr<Verb>& word : words_) {
        if (!word->chosen()) continue;
        const Result<> done = word->apply(request);
        if (!done) return done;
    }
    return finish_ ? finish_(request, *this) : Result<>{};
}

Result<Action> Verb::action() const {
    command::Request request = initial_;
    const Result<> applied = apply(request);
    if (!applied) return std::unexpected(applied.error());
    if (become_) return become_(std::move(request), *this);
    return Ask{std::move(request)};
}

Family Family::family(const std::string& name, const std::string& help) {
    CLI::App* app = app_->add_subcommand(name, help);
    app->require_subcommand(1);
    return {*app, *all_};
}

Verb& Family::verb(const std::string& name, std::string_view request, const std::string& help) {
    return all_->emplace_back(*app_->add_subcommand(name, help), request);
}

}  // namespace seki::ctl
