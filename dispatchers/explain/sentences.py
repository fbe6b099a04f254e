"""What each event of a case says, in Chinese and English. Slots are the event's fields, or those of what it carries.

Steps, candidates, limits, and whose responsibility it is, stand below the sentence and are told by `explain.py`.
"""

from __future__ import annotations

from .words import Said, Words

EVENTS: Words = {
    # a case's plain life
    "CaseRegistered": Said(
        "立案 {case_no}[，{emergency}][，{simulated}]", "registered as {case_no}[, {emergency}][, {simulated}]"
    ),
    "CaseUpdated": Said(
        "来源补充[：{title}][；地址 {address}]", "the source said more[: {title}][; address {address}]"
    ),
    "AssignmentOffered": Said(
        "派单给{squad} {team}（{officers}），{due_at} 前应答",
        "offered to {squad} {team} ({officers}), to be answered by {due_at}",
    ),
    "WorkOrderIssued": Said(
        "工单给{unit}，{receipt_due_at} 前签收", "a work order to {unit}, to be signed for by {receipt_due_at}"
    ),
    "AssignmentDeferred": Said("等待：{reason}，{retry_at} 再看", "waits: {reason}; looked at again at {retry_at}"),
    "AssignmentWithdrawn": Said("收回派单[：{reason}]", "withdrawn[: {reason}]"),
    "OfferReceived": Said("设备已收到派单", "the offer is on a device"),
    "OfferPushed": Said("经{channel}推送：{result}[（{detail}）]", "pushed through {channel}: {result}[ ({detail})]"),
    "AssignmentAccepted": Said("接单[，{arrive_due} 前到场]", "accepted[, to be there by {arrive_due}]"),
    "AssignmentReturned": Said(
        "退单：{reason}[，依据 {basis}][，{wrong}][，回避 {officers}]，{dispatch_due} 前重新派出",
        "given back: {reason}[, basis {basis}][, {wrong}][, recused {officers}]; dispatch by {dispatch_due}",
    ),
    "SquadArrived": Said("到场", "arrived"),
    "CaseDisposed": Said(
        "处置：{result}[，罚款 {fine} 元][，当场收缴 {cash} 元][，{note}][，{check_due} 前核查]",
        "disposed: {result}[, a fine of {fine} yuan][, {cash} yuan taken on the spot][, {note}]"
        "[; to be checked by {check_due}]",
    ),
    "CaseChecked": Said(
        "核查通过[：{note}][，{callback_due} 前回访][，{close_due} 前结案]",
        "the check passed[: {note}][; to be called back by {callback_due}][; to be closed by {close_due}]",
    ),
    "ReworkOrdered": Said("返工[：{note}]，原时限照走", "rework[: {note}]; the old clock runs on"),
    "WorkOrderReopened": Said("核查未通过，退回单位[：{note}]", "the check failed, back to the unit[: {note}]"),
    "CaseClosed": Said(
        "{outcome}结案：{stream}，{on_time}，{accurate}[，{month_end}][；{reason}]",
        "closed {outcome}: {stream}, {on_time}, {accurate}[, {month_end}][; {reason}]",
    ),
    "LeaseExpired": Said("到时无人应答", "nobody answered in time"),
    "LeaseExtended": Said("本席当时无法处理，延长到 {due_at}", "we could not decide meanwhile: extended to {due_at}"),
    "CaseEscalated": Said("升级到{level}：{reason}[（{cause}）]", "raised to the level {level}: {reason}[ ({cause})]"),
    "CaseHandedOver": Said("移交{to_desk}：{reason}", "handed over to {to_desk}: {reason}"),
    "CaseTaken": Said("接收{from_desk}移来的案件：{reason}", "taken from {from_desk}: {reason}"),
    "SuperiorAlerted": Said(
        "{squad}{reason}，已告知{organisation}", "{squad}: {reason}; {organisation}, its daily superior, is told"
    ),
    "CaseNeedsOperator": Said(
        "须派遣员处理：{reason}[（{detail}）]，{operator_due} 前",
        "needs an operator: {reason}[ ({detail})], by {operator_due}",
    ),
    # finding out
    "VerificationOrdered": Said(
        "先核实：{reason}，采集员 {collector}，{due_at} 前",
        "somebody looks first: {reason}; collector {collector}, by {due_at}",
    ),
    "CaseVerified": Said("核实：{found}[，在{territory}][，{note}]", "verified: {found}[, in {territory}][, {note}]"),
    "CaseClassified": Said("定为{item}：{reason}[，{emergency}]", "classified as {item}: {reason}[, {emergency}]"),
    # one matter, many reports
    "CaseMerged": Said("并入案件 {parent}：{reason}", "merged into case {parent}: {reason}"),
    "CaseJoined": Said(
        "{child} 并入本案，共 {callers} 人反映，优先级 {priority}[；补充：{facts}]",
        "{child} joined, {callers} callers, priority {priority}[; said now: {facts}]",
    ),
    "CaseSplit": Said("从案件 {parent} 拆出：{reason}", "split from case {parent}: {reason}"),
    "ChildLeft": Said("案件 {child} 拆出", "case {child} left"),
    "CaseUrged": Said("催办[：{note}]", "urged[: {note}]"),
    "CallMade": Said("已电话联系{squad}队长[：{note}]", "the leader of {squad} was telephoned[: {note}]"),
    "CaseSupervised": Said("督办 {document}", "supervised by {document}"),
    "CallerAnswered": Said("答复来电人：{text}", "the caller was answered: {text}"),
    "CallbackRecorded": Said("回访：{reached}[，{solved}][，{note}]", "call-back: {reached}[, {solved}][, {note}]"),
    # dispatch where the rules may only propose
    "AssignmentProposed": Said(
        "{mode}：[{squad} {team}][{unit}]，{operator_due} 前处理",
        "{mode}: [{squad} {team}][{unit}]; to be settled by {operator_due}",
    ),
    # giving back, disputes
    "ReturnRequested": Said(
        "申请退单：{reason}，依据 {basis}，{review_due} 前审核",
        "asks to give it back: {reason}, basis {basis}; review by {review_due}",
    ),
    "ReturnRefused": Said(
        "退单不准：{reason}[（清单 {row}）][，所引依据 {basis}]",
        "the return is refused: {reason}[ (row {row})][, cited was {basis}]",
    ),
    "DisputeOpened": Said(
        "职责争议：{reason}[，清单 {row}][，所引依据 {basis}][；各方 {sides}]；"
        "裁定前由[{squad}][{unit}]负责；{dispute_due} 前裁定",
        "disputed: {reason}[, row {row}][, cited was {basis}][; sides {sides}]; "
        "until the ruling [{squad}][{unit}] has it; ruling by {dispute_due}",
    ),
    "DisputeRuled": Said(
        "协调裁定 {document}：归{owner}，{reason}；终局[；建议先例 {precedent}]",
        "ruling {document}: it is {owner}'s, {reason}; final[; proposed as precedent {precedent}]",
    ),
    # more time
    "RelaxationRequested": Said(
        "申请{kind}：{reason}[，到 {until}]，{due_at} 前审批",
        "asks for {kind}: {reason}[, until {until}]; review by {due_at}",
    ),
    "RelaxationApproved": Said(
        "{kind}初审同意，{due_at} 前由值班长审批", "the {kind} is approved at first; the chief's by {due_at}"
    ),
    "RelaxationRefused": Said("{kind}不准：{reason}", "the {kind} is refused: {reason}"),
    "DeadlineExtended": Said("准予延期", "extended"),
    "CaseSuspended": Said("挂账到 {until}：{reason}", "suspended until {until}: {reason}"),
    "CaseResumed": Said("恢复办理：{reason}", "resumed: {reason}"),
    "DeadlineMissed": Said("超时：{name}，应于 {due_at}", "missed: {name}, due at {due_at}"),
    # between offices
    "RequestMade": Said(
        "请求[{unit}][{squad}]{kind}[：{task}][，{role}]，{receipt_due} 前签收[，{due_at} 前回复]",
        "asks [{unit}][{squad}] for {kind}[: {task}][, {role}]; to be signed by {receipt_due}[, answered by {due_at}]",
    ),
    "RequestSigned": Said("请求 {request_id} 已签收", "request {request_id} was signed for"),
    "RequestAnswered": Said("请求 {request_id} 已回复[：{note}]", "request {request_id} was answered[: {note}]"),
    # people, levels, other ends
    "OfficersRecused": Said("回避：{officers}，{reason}", "recused: {officers}, {reason}"),
    "ActRefused": Said(
        "处置无效：{reason}（{officers}），证据留存，{dispatch_due} 前另派",
        "no lawful act: {reason} ({officers}); the evidence is kept, others by {dispatch_due}",
    ),
    "CaseLowered": Said(
        "下沉到{level}：{reason}[，{month_end}]", "sent down to the level {level}: {reason}[, {month_end}]"
    ),
    "SuperiorOrdered": Said("{authority}的命令：{order}", "an order of the {authority}: {order}"),
    "PenaltyFiled": Said("处罚立案 {file_no}", "penalty file {file_no}"),
    "CriminalTransferProposed": Said(
        "涉嫌犯罪，拟移送：{reason}，{criminal_due} 前决定",
        "a crime is suspected: {reason}; decision by {criminal_due}",
    ),
    "CriminalTransferRefused": Said("不予移送，文号 {document}", "not transferred, document {document}"),
    "CaseTransferred": Said(
        "移送 {to}：{reason}[，文号 {document}]", "transferred to {to}: {reason}[, document {document}]"
    ),
    "CaseCancelled": Said("{outcome}：{reason}", "{outcome}: {reason}"),
    "CaseReopened": Said(
        "重新办理（{cause}）：{reason}；原计数撤回", "reopened ({cause}): {reason}; what it counted is taken back"
    ),
    "OverdueAppealed": Said("超期申诉：{reason}", "appealed against the lateness: {reason}"),
    "AppealEndorsed": Said("申诉初审同意：{reason}", "appeal endorsed: {reason}"),
    "AppealApproved": Said(
        "申诉复审同意：{reason}；按期统计豁免，超期记录保留",
        "appeal approved: {reason}; exempt from what is on time, the lateness stays on file",
    ),
    "AppealRefused": Said("申诉不予采纳：{reason}", "appeal refused: {reason}"),
    # orders that changed nothing
    "OrderRefused": Said(
        "拒绝“{order}”：{reason}[（当时{status}[，在{holder}]）]",
        "refused to {order}: {reason}[ (it was: {status}[, with {holder}])]",
    ),
    "OrderRepeated": Said("重复的命令 {message_id}，不再执行", "order {message_id} came again, nothing done"),
    "OrderForwarded": Said("命令转往{to_desk}", "forwarded to {to_desk}"),
    "OrderParked": Said(
        "命令 {message_id} 等待后续版本，至 {until}", "order {message_id} waits for a later version, until {until}"
    ),
    "OrderUnparked": Said("命令 {message_id} 不再等待", "order {message_id} waits no more"),
}
