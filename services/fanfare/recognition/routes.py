"""The JSON API of recognition: rules, titles, awards and standings of fans, under one address."""

from fastapi import APIRouter

from fanfare.recognition import award_routes, rule_routes, standing_routes, title_routes

router = APIRouter(prefix="/api/v1", tags=["recognition"])
for each in (rule_routes, title_routes, award_routes, standing_routes):
    router.include_router(each.router)
