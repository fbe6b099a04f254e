"""The words in which a decision is told, each in Chinese and English: rules, reasons, statuses, results, orders.

One sentence for every code that the rules can write into an event; a test fails if one is missing. In a sentence,
`{name}` is filled with what stands in the event under that name, and what stands in `[…]` is left out if one of its
slots has nothing to say.
"""

from __future__ import annotations

from typing import NamedTuple


class Said(NamedTuple):
    """One sentence or word in both languages."""

    zh: str
    en: str


Words = dict[str, Said]

# -- the steps of a decision, in the order in which a case meets them --------------------------------------------------

STEPS: Words = {
    # whose place it is (jurisdiction.py)
    "inside": Said(
        "地点：点位在{territory}之内[，存疑：{doubt}]", "place: the point lies in {territory}[; in doubt: {doubt}]"
    ),
    "nearest": Said(
        "地点：点位不在任何辖区内，最近的是{territory}[，存疑：{doubt}]",
        "place: the point lies in no territory, the nearest is {territory}[; in doubt: {doubt}]",
    ),
    "named": Said(
        "地点：没有点位，只有地址中的地名[，存疑：{doubt}]",
        "place: no point, only a name in the address[; in doubt: {doubt}]",
    ),
    "nowhere": Said(
        "地点：不明，归市指挥席[，存疑：{doubt}]", "place: unknown, so the city desk's[; in doubt: {doubt}]"
    ),
    "about_the_force": Said("地点：涉及队伍自身，归市指挥席", "place: about the force itself, so the city desk's"),
    # what it is (classification.py)
    "item": Said("事项：{item}[（来源分类 {detail}）]", "item: {item}[ (category of the source: {detail})]"),
    "fact": Said("事实：{detail}（据{origin}）", "fact: {detail} (from {origin})"),
    "only_a_reply": Said("{kind}只需答复，不作执法任务", "a {kind} wants an answer only and is no enforcement task"),
    "duty": Said("职责：{duty}", "duty: {duty}"),
    # who may (competence.py)
    "power": Said(
        "职权：权责清单[ {power_list}] 第 {row} 行[（{law}）][，划转状态：{state}][，适用条件：{when}]",
        "competence: row {row} of power list[ {power_list}][ ({law})][, transfer: {state}][, applies where {when}]",
    ),
    "ready": Said(
        "职权：{territory}已公布具备承接能力，由中队承接",
        "competence: {territory} is published as ready, so the squad's",
    ),
    "precedent": Said("职权：按先例 {row}（文号 {detail}）", "competence: by precedent {row} (document {detail})"),
    "ruling": Said(
        "职权：按本席已批准的裁定 {row}（文号 {detail}）",
        "competence: by this desk's approved ruling {row} (document {detail})",
    ),
    "reply_unit": Said(
        "职权：{kind}由[{unit_kind}]单位答复", "competence: a {kind} is answered by the unit[ for {unit_kind}]"
    ),
    "ruled": Said("职权：协调裁定 {row} 指定{owner}，终局", "competence: ruling {row} named {owner}, for good"),
    # who will (dispatch.py)
    "level": Said("层级：{level}", "level: {level}"),
    "step": Said("派遣步骤：{step}", "step of the ladder: {step}"),
    "rollout": Said("推行方式：{mode}", "rollout: {mode}"),
}

LADDER: Words = {
    "home": Said("属地中队（单位）优先", "the squad or unit at home first"),
    "another_team": Said("属地中队的另一小组", "another team of the squad at home"),
    "leader": Said("属地中队队长", "the leader of the squad at home"),
    "mobile": Said("机动中队", "the mobile team"),
    "neighbour": Said("同一执法主体的相邻中队", "a neighbour that acts in the same name"),
    "operator": Said("派遣员指派", "by the operator's word"),
    "handover": Said("队长在本中队内交接", "handed over within the squad by its leader"),
    "confirmed": Said("派遣员确认了系统建议", "the operator confirmed the proposal"),
    "ruling": Said("协调裁定指定", "named by the ruling"),
}

MODES: Words = {
    "auto": Said("自动派遣", "decided by the rules"),
    "propose": Said("建议，由派遣员确认", "a proposal, for the operator to confirm"),
    "shadow": Said("影子运行，只记录不派遣", "shadow: recorded only, nobody is told"),
}

# -- why a team lost, why an order was refused, why an operator is needed ----------------------------------------------

UNABLE: Words = {
    "about_them": Said("投诉的正是该中队", "the complaint is about this squad"),
    "cap": Said("中队在办量已到上限", "the squad is at its cap"),
    "did_not_answer": Said("此前派单未应答", "it let an offer lie before"),
    "no_certified_pair": Said("在岗人员中没有两名持证正式人员", "no two certified officers on duty"),
    "no_equipment": Said("缺少该事项所需装备", "it lacks the equipment that the item needs"),
    "off_duty": Said("无人在岗", "nobody is on duty"),
    "returned_before": Said("此前已退单", "it gave the case back before"),
    "unknown_team": Said("没有这个小组", "there is no such team"),
}
LOST: Words = {
    **UNABLE,
    "more_load": Said("每对在办量更多", "more open work per pair"),
    "farther": Said("路程更远", "farther away"),
    "later_id": Said("其余相同，编号在后", "equal in all else, later by id"),
}
REFUSED: Words = {
    **UNABLE,
    "closed": Said("案件已经结束", "the case has ended"),
    "known": Said("案件已经登记", "the case is registered already"),
    "stale": Said("命令依据的版本之后案件已经易手", "the case changed hands since the version that was seen"),
    "too_late": Said("已过期限", "it is too late"),
    "unheard_of_version": Said("等待期满，所依据的版本仍未出现", "the version it speaks of never came"),
    "unknown_case": Said("没有这个案件", "there is no such case"),
    "unknown_city": Said("没有发布过这一版城市数据", "that version of the city is not published"),
    "unknown_desk": Said("没有这个指挥席，或者就是本席", "there is no such desk, or it is this one"),
    "unknown_item": Said("没有这个事项", "there is no such item"),
    "unknown_officer": Said("没有这名人员，或不属本席", "there is no such officer, or not at this desk"),
    "unknown_parent": Said("本席没有要并入的案件", "the desk does not hold the case to merge into"),
    "unknown_precedent": Said("没有这个先例建议", "no such precedent was proposed"),
    "unknown_request": Said("没有这个协同请求", "there is no such request"),
    "unknown_squad": Said("没有这个中队，或不属本席", "there is no such squad, or not at this desk"),
    "unknown_territory": Said("没有这个辖区", "there is no such territory"),
    "unknown_unit": Said("没有这个单位", "there is no such unit"),
    "unit_or_squad": Said("须且只须写明一个中队或一个单位", "name either a squad or a unit"),
    "about_you": Said("案件涉及下令者本人或其中队", "the case is about who ordered"),
    "chief_decides": Said("须由值班长决定", "the chief decides this"),
    "not_asked_of_you": Said("该请求不是向你提出的", "it was asked of somebody else"),
    "not_your_assignment": Said("该派单不属于你", "the assignment is somebody else's"),
    "not_your_role": Said("该角色无权下此命令", "not for this role to order"),
    "not_yours_any_more": Said("该派单已经失效", "the assignment no longer stands"),
    "other_level_first": Said("须先由派遣员审批", "the operator approves first"),
    "other_superior_prevails": Said(
        "条块指令冲突，以另一方为准", "the other superior's order of the same minute prevails"
    ),
    "own_check": Said("核查者不得结案", "who checked may not close"),
    "own_squad_only": Said("队长只能在本中队内交接", "a leader hands over within the own squad only"),
    "own_ruling": Said("裁定者不得批准自己的先例", "who ruled may not approve the precedent"),
    "own_wish": Said("不得审批自己的申请", "nobody approves their own request"),
    "own_work": Said("处置者不得核查或结案", "who disposed may neither check nor close"),
    "another_authority": Said(
        "该中队以另一执法主体名义执法，不得越权", "that squad acts in another authority's name than the one at home"
    ),
    "handed_over_too_often": Said(
        "移交次数过多，只能上报市级或由统筹协调指定", "handed over too often: only up, or where coordination says"
    ),
    "another_county": Said(
        "未经共同上级指定不得移送外县", "never to another county without the common superior's word"
    ),
    "answered_before": Said("已经答复过", "it was answered before"),
    "approved_before": Said("已经批准过", "it was approved before"),
    "asked_before": Said("已有未决申请", "a request is pending already"),
    "cash": Said(
        "不得当场收缴：仅当场处罚一百元以下，或写明事后难以执行",
        "not to be taken on the spot, but of a simple penalty 100 yuan at most, or with a word why not later",
    ),
    "classify_first": Said("须先确定事项", "say first what it is"),
    "extended_too_often": Said("延期次数已用完", "no extension is left"),
    "fine_limit": Said("罚款超过当场处罚的限额", "more than a fine on the spot may be"),
    "forbidden_now": Said("当前状态不允许", "the case does not allow it now"),
    "has_children": Said("已有并入的案件，不能再并入他案", "reports were joined to it, so it can join no other"),
    "highest_level": Said("已在最高层级", "it is at the highest level"),
    "home_cannot": Said("属地中队目前无力承接", "the squad at home cannot take it now"),
    "lowered_before": Said("已下沉过，再次须值班长决定", "it was sent down before; again only by the chief"),
    "lowest_level": Said("已在最低层级", "it is at the lowest level"),
    "no_interim_owner": Said("裁定前无人可以临时负责", "nobody could have it until the ruling"),
    "no_parent_for_it": Said("不能并入该案件", "it cannot be merged into that case"),
    "no_power_for_result": Said("承办者无权作出这种处理结果", "who has it may not dispose of it so"),
    "nobody_to_verify": Said("没有可派的采集员", "no collector is there to look"),
    "not_checked": Said(
        "尚未通过核查；强制结案须写明理由", "it has not passed its check; a forced close needs a reason"
    ),
    "not_theirs_by_the_list": Said("按清单不属下级", "by the list it is not the lower level's"),
    "nothing_asked": Said("没有待审批的申请", "nothing was asked for"),
    "nothing_proposed": Said("没有待确认的建议", "nothing was proposed"),
    "overdue": Said("已经超期", "it is overdue already"),
    "ruling_is_final": Said("协调裁定为终局", "the ruling is final"),
    "signed_before": Said("已经签收过", "it was signed for before"),
    "squad_has_no_power": Said("按清单中队无权办理", "by the list no squad may"),
    "suspended_before": Said("已挂账过一次", "it was suspended once"),
    "under_review": Said("正在审批或督办中", "it is under review or supervision"),
    "unit_has_no_power": Said("按清单该单位无权办理", "by the list this unit may not"),
    "callback_missing": Said("尚未回访", "the caller was not called back"),
    "limit_unreadable": Said("时限写法无法识别", "the limit cannot be read"),
    "no_record": Said("没有证据不得处罚", "no penalty without evidence"),
    "purpose_missing": Said("须写明用途", "the purpose is missing"),
    "reason_missing": Said("须写明理由", "the reason is missing"),
    "reply_missing": Said("尚未答复来电人", "the caller has no answer yet"),
    "until_out_of_bounds": Said("期限超出允许范围", "the instant is out of bounds"),
}
OPERATOR: Words = {
    "broken_letter": Said("来函内容无法读取", "a letter about it cannot be read"),
    "designated_cannot": Said("裁定指定的中队目前无力承接", "the squad that the ruling named cannot now"),
    "designated_elsewhere": Said("裁定指定的是其他指挥席的中队", "the ruling named a squad of another desk"),
    "handed_over": Said("由其他指挥席移来，须先审看", "it came from another desk and wants a look"),
    "no_squad": Said("该地没有本席的中队", "no squad of this desk is at home there"),
    "no_territory": Said("辖区不明", "its territory is not known"),
    "no_unit": Said("没有承办此类事项的单位", "there is no unit of the kind that owns it"),
    "nobody_answered": Said("派单无人应答", "nobody answered"),
    "nobody_can": Said("目前无人能够承接", "nobody can take it now"),
    "nobody_competent": Said("清单中没有人有此职权", "the list names nobody"),
    "nobody_to_verify": Said("需要核实，但没有可派的采集员", "somebody should look first, and no collector is there"),
    "not_found": Said("现场未找到", "nothing was found at the place"),
    "not_verified": Said("核实逾期未回", "the collector did not report in time"),
    "doubt": Said("地点存疑，影子运行不派人核实", "the place is in doubt, and a shadow sends nobody to look"),
    "outage": Said(
        "派单到期时本席无法处理，急件不再等", "the offer fell due while we could not decide, and it cannot wait"
    ),
    "returned_too_often": Said("退单次数过多，不得再踢皮球", "given back too often: no more kicking around"),
    "squad_gave_back": Said("属地中队已退单", "the squad at home gave it back"),
    "undispatched": Said("派遣时限内未派出", "no offer went out within the limit of dispatch"),
    "unit_did_not_sign": Said("单位未按时签收", "the unit did not sign in time"),
    "unit_gave_back": Said("单位已退单", "the unit gave it back"),
    "unknown_item": Said("事项不明", "nobody knows what it is"),
}

# -- what the rules write as the reason of anything else ---------------------------------------------------------------

REASONS: Words = {
    "as proposed": Said("照建议办理", "as proposed"),
    "behind its parent": Said("随主案移送", "behind its parent"),
    "border": Said("靠近另一指挥席的边界", "near another desk's border"),
    "classified_there": Said("定性后属其辖区", "classified to be there"),
    "criminal": Said("涉嫌犯罪", "a crime is suspected"),
    "dispute": Said("职责争议逾期未裁", "the dispute was not ruled on in time"),
    "lowered": Said("下沉", "sent down"),
    "no_capacity": Said("力量不足", "no capacity"),
    "no_equipment": Said("缺少装备", "no equipment"),
    "no_point": Said("没有点位", "no point is given"),
    "no_valid_certificate": Said("执法证当日无效", "a certificate was not valid on the day"),
    "nobody_answered": Said("派单无人应答", "nobody answered"),
    "nobody_free": Said("暂时无人有空", "nobody is free now"),
    "not_an_officer_of_the_squad": Said("不是该中队的正式人员", "not a formal officer of the squad"),
    "not_our_power": Said("不属我方职权", "not our power"),
    "not_our_territory": Said("不属我方辖区", "not our territory"),
    "not_solved": Said("来电人称未解决", "the caller says it is not solved"),
    "not_theirs": Said("经审核确不属其职责", "on review it was not theirs"),
    "nowhere": Said("地点不明", "the place is unknown"),
    "operator_silent": Said("派遣员逾期未处理", "the operator was silent"),
    "ordered": Said("按命令", "as ordered"),
    "overdue": Said("超过处置时限", "past the limit of disposal"),
    "parent_ended": Said("主案已结束", "its parent has ended"),
    "recusal": Said("回避", "recusal"),
    "recused": Said("应当回避者参与", "somebody recused took part"),
    "refused": Said("不同意", "refused"),
    "repeated": Said("重复投诉", "reported again and again"),
    "reported_again": Said("又有人反映", "reported again"),
    "reserved": Said("清单保留给上级", "reserved to a higher level by the list"),
    "returned_again": Said("再次退单而无新依据", "given back again without a new basis"),
    "review_late": Said("退单审核逾期", "the review of the return was late"),
    "reworked_too_often": Said("返工次数过多", "reworked too often"),
    "same_matter": Said("同一事项", "the same matter"),
    "theirs_by_the_list": Said("按清单正是其职责", "by the list it is theirs"),
    "time_is_up": Said("挂账期满", "its time is up"),
    "too_late": Said("已过期限", "too late"),
    "two_person_rule": Said("不足两名执法人员", "fewer than two officers"),
    "verified_there": Said("经核实在其辖区", "verified to be there"),
    "wrong_item": Said("事项分类有误", "wrong item"),
    # causes that an operator names
    "capacity": Said("力量不足", "beyond its capacity"),
    "cross_border": Said("跨区域", "across a border"),
    "major": Said("重大", "major"),
    "media": Said("媒体关注", "in the media"),
    "resistance": Said("暴力抗法", "resistance"),
    "other": Said("其他", "other"),
    "fault": Said("办理有误", "a fault"),
    "reconsideration": Said("复议", "reconsideration"),
    "unsatisfied": Said("来电人不满意", "the caller is not satisfied"),
}

# Reasons that name something behind these words.
PREFIXES: Words = {
    "ruling ": Said("按裁定 ", "by ruling "),
    "transferred with ": Said("随案移送 ", "transferred with "),
}
