#include "convert/verify.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <functional>
#include <set>

#include "convert/writer.h"

namespace seki::convert {
namespace {

// Where nothing is looked up, every name has an address.
Result<std::vector<IpAddress>> no_lookup(const std::string&) { return std::vector{IpAddress::v4(0x7F000001)}; }

// `name`: of the file that is made, beside the one that it is made of.
std::vector<config::Diagnostic> mistakes_in(const std::string& text, const std::string& name,
                                            const config::ReadFile& read_file) {
    auto parsed = config::parse(text, name, read_file, no_lookup);
    if (parsed) return {};
    std::erase_if(parsed.error(), [](const auto& each) { return each.severity != config::Severity::error; });
    return parsed.error();
}

const Block* block_at(const Written& written, uint32_t line) {
    const auto found = std::ranges::find_if(
        written.blocks, [line](const Block& block) { return block.first_line <= line && line < block.behind_line; });
    return found == written.blocks.end() ? nullptr : &*found;
}

const Origin& origin_of(const Model& model, const Block& block) {
    switch (block.kind) {
        case Block::Kind::listener:
            return model.listeners[block.index].origin;
        case Block::Kind::cluster:
            return model.clusters[block.index].origin;
        case Block::Kind::backend:
            return model.clusters[block.cluster].backends[block.index].origin;
        case Block::Kind::frontend:
            break;
    }
    return model.frontends[block.index].origin;
}

// Blocks in the reverse order of the file, so that indices stay right.
void take_out(Model& model, const std::vector<Block>& blocks) {
    std::set<std::string> clusters;
    std::set<std::string> listeners;
    const auto at = [](auto& list, size_t index) { return list.begin() + static_cast<ptrdiff_t>(index); };
    const auto of_kind = [&](Block::Kind kind, auto&& remove) {
        std::vector<const Block*> chosen;
        for (const Block& block : blocks) {
            if (block.kind == kind) chosen.push_back(&block);
        }
        std::ranges::sort(chosen, std::greater<>(), &Block::index);
        for (const Block* block : chosen) remove(*block);
    };
    of_kind(Block::Kind::frontend,
            [&](const Block& block) { model.frontends.erase(at(model.frontends, block.index)); });
    of_kind(Block::Kind::backend, [&](const Block& block) {
        auto& backends = model.clusters[block.cluster].backends;
        backends.erase(at(backends, block.index));
    });
    of_kind(Block::Kind::cluster, [&](const Block& block) {
        clusters.insert(model.clusters[block.index].id);
        model.clusters.erase(at(model.clusters, block.index));
    });
    of_kind(Block::Kind::listener, [&](const Block& block) {
        listeners.insert(model.listeners[block.index].address);
        model.listeners.erase(at(model.listeners, block.index));
    });
    // What belonged to one that is gone goes with it.
    std::erase_if(model.frontends, [&](const Frontend& frontend) {
        return clusters.contains(frontend.cluster) || listeners.contains(frontend.listener);
    });
}

}  // namespace

Result<std::string> verified_text(Model& model, std::string_view source, const config::ReadFile& read_file,
                                  Remarks& remarks) {
    constexpr int rounds = 100;
    const std::string name = (std::filesystem::path(source).parent_path() / "seki.toml").string();
    for (int round = 0; round < rounds; ++round) {
        const Written written = write(model, source, Keys::Show::without_files);
        const auto mistakes = mistakes_in(written.text, name, read_file);
        if (mistakes.empty()) {
            const Written whole = write(model, source);
            for (const config::Diagnostic& mistake : mistakes_in(whole.text, name, read_file)) {
                const Block* block = block_at(whole, mistake.line);
                remarks.lost(block == nullptr ? Origin{} : origin_of(model, *block),
                             fmt::format("`seki check` will refuse this until it is corrected: {}", mistake.reason));
            }
            return whole.text;
        }
        std::vector<Block> refused;
        for (const config::Diagnostic& mistake : mistakes) {
            const Block* block = block_at(written, mistake.line);
            if (block == nullptr) return failure("what came of it is not valid: {}", mistake.text());
            remarks.lost(origin_of(model, *block),
                         fmt::format("left out, because Seki refuses it: {}", mistake.reason));
            const auto same = [block](const Block& other) { return other.first_line == block->first_line; };
            if (std::ranges::none_of(refused, same)) refused.push_back(*block);
        }
        take_out(model, refused);
    }
    return failure("what came of it is not valid, whatever is left out");
}

}  // namespace seki::convert
